/** A component ready to be planned: its place in the graph, its profile's settings and its rule, brought together. */
import type { AssignedModel } from './assigned-model.ts';
import { canonicalJson } from './canonical-json.ts';
import { type Digest, digestJson } from './digest.ts';
import type { Reference } from './graph.ts';
import type { Profile } from './profile.ts';
import type { InputSpec, Outputs, Resources, Rule } from './rule.ts';
import type { SamplingBudget } from './sampling.ts';

/** Where a rule's bundle lies, for whoever imports it. */
export interface BundleRef {
  readonly bundlePath: string;
  /** Digest of the bundle's text: what is imported is what was bundled. */
  readonly codeDigest: Digest;
  /** Folders from which the packages that the bundle imports are looked up, the first one first. */
  readonly packageFolders: readonly string[];
}

/** A rule and the digest of the bundle that it was loaded from. */
export interface LoadedRule {
  readonly rule: Rule;
  readonly digest: Digest;
  readonly bundle: BundleRef;
}

export interface Component {
  readonly name: string;
  readonly processor: string;
  readonly loaded: LoadedRule;
  readonly inputs: readonly ComponentInput[];
  readonly outputs: Outputs;
  readonly params: Readonly<Record<string, unknown>>;
  readonly budget: SamplingBudget;
  readonly samplingPolicyVersion: string;
  readonly isRequired: boolean;
  readonly resources: Resources;
  readonly models: readonly AssignedModel[];
  /** Why it cannot run although it is asked for: it lacks a model; undefined if it can. */
  readonly lack: string | undefined;
  readonly retries: number;
  /** How long beyond its rule's own limit it waits for another process that makes what it needs; seconds. */
  readonly graceSec: number;
  readonly isPerRun: boolean;
  readonly rank: number;
  /** The component whose output of kind `segments` divides this one, where its rule has scope `segment`. */
  readonly table: string | undefined;
}

export interface ComponentInput {
  readonly name: string;
  readonly spec: InputSpec;
  /** Undefined where an optional input is not connected. */
  readonly reference: Reference | undefined;
}

/** The digest of what a profile settles for the given components: the same settings have the same one. */
export function configHash(profile: Profile, components: readonly Component[]): Digest {
  return digestJson({
    profile: {
      analysis: profile.analysis,
      sampling_policy_version: profile.samplingPolicyVersion,
      models: profile.models,
      failure: profile.failure,
    },
    components: Object.fromEntries(
      components.map(({ name, params, budget, isRequired, resources }) => [
        name,
        { enabled: true, required: isRequired, sampling: budget, params, resources },
      ]),
    ),
  });
}

/** A request as part of a node's name: the same for the same request. */
export function requestName(request: Readonly<Record<string, unknown>> | undefined): string {
  return request ? canonicalJson(request) : '';
}

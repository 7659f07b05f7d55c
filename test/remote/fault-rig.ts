/** Workspaces, faults and questions for the tests of a remote cache that is down, slow or lies. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { entriesBeginning } from '../../cache/remote/layout.ts';
import { type OpenedObjects, openObjects } from '../../cache/remote/open-objects.ts';
import { readWhole } from '../../cache/remote/read-whole.ts';
import { bucketSettings } from '../../engine/cli/remote-settings.ts';
import type { Fault, FaultPlan, ProxiedRequest } from '../fault-proxy.ts';
import { type BuildRun, Rig } from '../rig.ts';
import type { SharedBucket } from './shared-bucket.ts';

/** The objects of a cache as somebody sees them who has its keys, and no good intentions. */
export function objectsOf({ url, env }: SharedBucket): Promise<OpenedObjects> {
  return openObjects(bucketSettings(url, { where: 'the test', env }));
}

/** The results in a bucket by their keys, each as it is. */
export async function entriesOf(bucket: SharedBucket): Promise<Map<string, string>> {
  const { objects, close } = await objectsOf(bucket);
  const entries = new Map<string, string>();
  for await (const { key } of objects.list(entriesBeginning)) {
    const read = await readWhole(objects, key, { mostBytes: 2 ** 20 });
    assert.ok(read && 'bytes' in read);
    entries.set(key, Buffer.from(read.bytes).toString());
  }
  close();
  return entries;
}

/** How much `huge.txt` takes: more than one piece of a transfer. */
const hugeLines = 1_250_000;

export interface TextSetting {
  /** With a blob that goes in several pieces. */
  readonly isHuge?: boolean;
  readonly files?: Readonly<Record<string, string>>;
}

/** Three results in a row: one lies in its entry, two are blobs of their own. */
export function textRig({ isHuge = false, files = {} }: TextSetting = {}): Rig {
  const step = (name: string, source: string, script: string): string => {
    const command = JSON.stringify(['sh', '-c', `${script} > ${name}.txt`]);
    return `  ${name}: { rule: exec, inputs: { source: "${source}" }, params: { command: ${command}, outputs: { text: ${name}.txt } } }`;
  };
  const steps = [
    step('small', 'file:in.txt', 'cat in/source*'),
    step('large', 'small.text', 'seq 1 20000 | sed "s/^/$(cat in/source*) /"'),
    step('sorted', 'large.text', 'sort -r in/source*'),
    ...(isHuge ? [step('huge', 'small.text', `seq 1 ${hugeLines}`)] : []),
  ];
  const graph = `schema_version: 1\ncomponents:\n${steps.join('\n')}\n`;
  return new Rig({ 'in.txt': 'a line\n', 'graphs/text.yaml': graph, ...files });
}

/** Digests of everything that a workspace has made. */
export function made(rig: Rig, { isHuge = false }: TextSetting = {}): Record<string, string> {
  const names = ['small', 'large', 'sorted', ...(isHuge ? ['huge'] : [])];
  return Object.fromEntries(
    names.map((name) => {
      const content = readFileSync(rig.path(`out/${name}/text.txt`));
      return [name, createHash('sha256').update(content).digest('hex')];
    }),
  );
}

function warningsOf({ events }: BuildRun): string[] {
  return events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
}

/** One warning for one trouble; none where nothing is lost by it. */
export function assertTold(run: BuildRun, expected: RegExp | undefined): void {
  const warnings = warningsOf(run);
  assert.equal(warnings.length, expected ? 1 : 0, warnings.join('\n'));
  if (expected) assert.match(warnings[0]!, expected);
}

/** Only requests of one kind. */
export function of(method: string, path: RegExp, fault: Fault): FaultPlan {
  return (request) => (matches(request, method, path) ? fault : undefined);
}

export function every(count: number, fault: Fault): FaultPlan {
  return (request) => (request.count % count === 0 ? fault : undefined);
}

/** From the nth request of a kind on, all of every kind. @param nth from 1 */
export function from(method: string, path: RegExp, { nth }: { nth: number }, fault: Fault): FaultPlan {
  let seen = 0;
  return (request) => {
    if (seen < nth && matches(request, method, path)) seen += 1;
    return seen >= nth ? fault : undefined;
  };
}

/** Only the first requests of a kind. */
export function first(count: number, method: string, path: RegExp, fault: Fault): FaultPlan {
  let seen = 0;
  return (request) => {
    if (!matches(request, method, path) || seen === count) return undefined;
    seen += 1;
    return fault;
  };
}

function matches(request: ProxiedRequest, method: string, path: RegExp): boolean {
  return request.method === method && path.test(request.path);
}

/** What the actions of a build are to other builds: whose turn it is to do them, and what others have made of them. */
import { type Digest, digestJson } from '../core/digest.ts';
import { faultOfResult } from '../core/fault-of-result.ts';
import type { History } from '../core/history.ts';
import { type ActionNode, makesEphemeral, readsEphemeral } from '../core/plan.ts';
import type { ActionResult } from '../core/store.ts';
import {
  type Flight,
  type FlightSetting,
  type Found,
  type Landed,
  SingleFlight,
  type Wait,
} from './single-flight.ts';

export interface NodeFlightsSetting extends FlightSetting {
  readonly history: Pick<History, 'expectedMs'>;
  readonly keyOf: (node: ActionNode) => Digest;
  /** Digest of the video, or whatever else the run of a node is about. */
  readonly subjectOf: (node: ActionNode) => Digest;
}

/** Shorter actions are done twice rather than asked about on other machines. */
const costlyFromMs = 1000;

export class NodeFlights {
  readonly #setting: NodeFlightsSetting;
  readonly #flights: SingleFlight;

  constructor(setting: NodeFlightsSetting) {
    this.#setting = setting;
    this.#flights = new SingleFlight(setting);
  }

  /** What another machine has made of an action. */
  async lookAfar(node: ActionNode): Promise<ActionResult | undefined> {
    const { shared, keyOf, subjectOf } = this.#setting;
    const found = await shared?.find(keyOf(node), subjectOf(node));
    if (!found || !this.#accepts(node, found.result)) return undefined;
    this.#flights.remember(keyOf(node), found);
    return found.result;
  }

  /** Whether an action is ours to do; else what another has made of it already, or that somebody is at it. */
  take(node: ActionNode): Promise<Found | 'ours' | 'taken'> {
    return this.#flights.take(this.#flightOf(node));
  }

  /** Waits for whoever does an action. */
  land(node: ActionNode, wait: Wait): Promise<Landed> {
    return this.#flights.land(this.#flightOf(node), wait);
  }

  /** Gives a result that was made here to other machines. */
  offer(node: ActionNode): void {
    this.#setting.shared?.offer(this.#setting.keyOf(node), this.#flightOf(node).lease);
  }

  /** Somebody else may go on with an action. */
  release(key: Digest): void {
    this.#flights.release(key);
  }

  /** The frames of a run are not made or read any more. */
  releaseFrames(subject: Digest): void {
    this.#flights.release(framesLease(subject));
  }

  /** The process of this machine that does an action: its number, if it is known. */
  holder(key: Digest): number | undefined {
    return this.#flights.holder(key);
  }

  #flightOf(node: ActionNode): Flight {
    const { shared, history, keyOf, subjectOf } = this.#setting;
    const key = keyOf(node);
    const accepts = (result: ActionResult): boolean => this.#accepts(node, result);
    // Frames are in the memory of one machine: whoever makes them for a run makes all that is read from them.
    if (makesEphemeral(node) || readsEphemeral(node))
      return { key, lease: framesLease(subjectOf(node)), isCostly: true, accepts };
    const expectedMs = shared && history.expectedMs(node.component.name, node.phase);
    const isCostly = expectedMs === undefined || expectedMs >= costlyFromMs; // What has never run may take long.
    return { key, lease: key, isCostly, accepts };
  }

  /** False, which is told, for a result from elsewhere that cannot be what this action gives. */
  #accepts(node: ActionNode, result: ActionResult): boolean {
    const fault = faultOfResult(node.outputs, result);
    if (fault !== undefined) this.#setting.shared?.refuse(this.#setting.keyOf(node), `${fault} (${node.id})`);
    return fault === undefined;
  }
}

/** Names the frames of a run, on whatever machine they are. */
function framesLease(subject: Digest): Digest {
  return digestJson(['ephemeral', subject]);
}

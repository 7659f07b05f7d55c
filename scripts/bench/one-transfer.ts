/** Moves one blob in a process of its own and prints how long that took. */
import { type BenchBlob, ownContender, type Place, rawContender } from './cache-transfers.ts';

export interface OneTransfer {
  readonly who: 'raw' | 'own';
  readonly what: 'send' | 'fetch';
  readonly place: Place;
  readonly blob: BenchBlob;
}

export interface TransferFigures {
  readonly seconds: number;
}

const { who, what, place, blob } = JSON.parse(process.argv[2]!) as OneTransfer; // As the bench has it.
const contender = who === 'raw' ? rawContender(place) : await ownContender(place);
const startedMs = performance.now();
await contender[what](blob);
const seconds = (performance.now() - startedMs) / 1000;
contender.close();
const figures: TransferFigures = { seconds };
process.stdout.write(JSON.stringify(figures));

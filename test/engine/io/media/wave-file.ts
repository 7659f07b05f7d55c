/** A WAV file of float32 samples, as bytes: what is decoded from it is exactly what was put in. */
export interface Wave {
  /** Interleaved, −1 to 1. */
  readonly samples: Float32Array;
  readonly sampleRate: number;
  readonly channels: number;
}

export function waveFile({ samples, sampleRate, channels }: Wave): Buffer {
  const header = Buffer.alloc(44);
  const frameBytes = channels * Float32Array.BYTES_PER_ELEMENT;
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.byteLength, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(3, 20); // IEEE float.
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * frameBytes, 28);
  header.writeUInt16LE(frameBytes, 32);
  header.writeUInt16LE(32, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([header, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)]);
}

/** Files to and from a bucket by the AWS SDK and nothing else: no hash, no zstd, nothing to go on with. */
import { createWriteStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

const partBytes = 8 * 2 ** 20;
const partsAtOnce = 4;

export class RawTransfers {
  readonly #client: S3Client;
  readonly #bucket: string;

  /** @param env as the settings of a server name it */
  constructor(env: Readonly<Record<string, string>>, atOnce: number) {
    this.#bucket = env['S3_BUCKET']!;
    this.#client = new S3Client({
      endpoint: env['S3_ENDPOINT']!,
      region: env['S3_REGION']!,
      forcePathStyle: true,
      credentials: { accessKeyId: env['S3_ACCESS_KEY']!, secretAccessKey: env['S3_SECRET_KEY']! },
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      expectContinueHeader: false,
      requestHandler: { httpAgent: { keepAlive: true, maxSockets: atOnce } },
    });
  }

  async fetch(key: string, path: string): Promise<void> {
    const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
    await pipeline(Body as Readable, createWriteStream(path)); // In Node that is what it is.
  }

  async send(key: string, path: string, sizeBytes: number): Promise<void> {
    if (sizeBytes > partBytes) return this.#sendInParts(key, path, sizeBytes);
    const Body = await readFile(path);
    await this.#client.send(new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body }));
  }

  async #sendInParts(key: string, path: string, sizeBytes: number): Promise<void> {
    const to = { Bucket: this.#bucket, Key: key };
    const { UploadId } = await this.#client.send(new CreateMultipartUploadCommand(to));
    const upload = { ...to, UploadId: UploadId! };
    const parts: { PartNumber: number; ETag: string }[] = [];
    await using file = await open(path);
    let next = 0;
    const sendSome = async (): Promise<void> => {
      const buffer = Buffer.allocUnsafeSlow(partBytes);
      while (next * partBytes < sizeBytes) {
        const PartNumber = ++next;
        const { bytesRead } = await file.read(buffer, 0, partBytes, (PartNumber - 1) * partBytes);
        const Body = buffer.subarray(0, bytesRead);
        const { ETag } = await this.#client.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
        parts[PartNumber - 1] = { PartNumber, ETag: ETag! };
      }
    };
    await Promise.all(Array.from({ length: partsAtOnce }, sendSome));
    const MultipartUpload = { Parts: parts };
    await this.#client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
  }

  close(): void {
    this.#client.destroy();
  }
}

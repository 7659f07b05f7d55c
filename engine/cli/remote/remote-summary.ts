/** What passed between this machine and the remote cache in a build, as data and as text. */
import type { RemoteCache } from '../../../cache/remote/remote-cache.ts';
import { counted, sizeText } from '../duration-text.ts';

export interface RemoteSummary {
  readonly url: string;
  /** Results and blobs that came from there. */
  readonly found: number;
  readonly blobs: number;
  readonly bytes_down: number;
  /** Results that were sent, with the size of their blobs. */
  readonly sent: number;
  readonly bytes_up: number;
  readonly requests: number;
  readonly failed_requests: number;
  /** Results and blobs that are there and were not believed. */
  readonly refused: number;
  /** Results that the next build has to send. */
  readonly unsent: number;
  /** Why it could not be used, all the time or for a while. */
  readonly lost?: string;
}

export function summariseRemote(remote: RemoteCache): RemoteSummary {
  const { found, blobsBrought, bytesBrought, sent, bytesSent, refused, waiting, unsent } = remote.counts;
  const { requests = 0, failures = {} } = remote.traffic ?? {};
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
  return {
    url: remote.url,
    found,
    blobs: blobsBrought,
    bytes_down: bytesBrought,
    sent,
    bytes_up: bytesSent,
    requests,
    failed_requests: failed,
    refused,
    unsent: waiting + unsent,
    ...(remote.lost !== undefined && { lost: remote.lost.reason }),
  };
}

/** 'remote: 42 results found, 3.1 MiB fetched; 5 sent, 1.2 MiB; 7 requests failed'. */
export function remoteText(summary: RemoteSummary): string {
  const { found, bytes_down, sent, bytes_up, failed_requests, refused, unsent } = summary;
  const parts = [
    `${counted(found, 'result')} found${bytes_down > 0 ? `, ${sizeText(bytes_down)} fetched` : ''}`,
    sent > 0 && `${sent} sent${bytes_up > 0 ? `, ${sizeText(bytes_up)}` : ''}`,
    refused > 0 && `${refused} not believed`,
    failed_requests > 0 && `${counted(failed_requests, 'request')} failed`,
    unsent > 0 && `${unsent} left for the next build to send`,
  ];
  return `remote: ${parts.filter((part) => part !== false).join('; ')}`;
}

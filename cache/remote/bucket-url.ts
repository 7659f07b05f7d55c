/** `s3://bucket/prefix`: where a remote lies. */
export interface BucketPlace {
  readonly bucket: string;
  /** Without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string;
}

/** The bucket and the prefix that a URL names; undefined if it is not such a URL. */
export function parseBucketUrl(url: string): BucketPlace | undefined {
  const [, bucket, path = ''] =
    /^s3:\/\/([A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9])(\/.*)?$/.exec(url) ?? [];
  const prefix = path.replace(/^\/|\/$/g, '');
  return bucket !== undefined && isPrefix(prefix) ? { bucket, prefix } : undefined;
}

/** Characters that every server takes as they are, and no part that a server or a proxy could take for a step. */
function isPrefix(prefix: string): boolean {
  return (
    prefix === '' || prefix.split('/').every((part) => /^[\w.=@:+-]+$/.test(part) && !/^\.+$/.test(part))
  );
}

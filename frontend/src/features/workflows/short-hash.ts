const SHOWN = 12;

/** The beginning of a version's hash: enough to tell versions of one workflow apart. */
export function shortHash(hash: string): string {
  return hash.slice(0, SHOWN);
}

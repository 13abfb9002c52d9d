/** What a host has told, in words; what it did not tell is left out. */
export function told<T, Words>(value: T | null | undefined, as: (value: T) => Words): Words | null {
  return value === null || value === undefined ? null : as(value);
}

export function number(value: number): string {
  return value.toLocaleString("en");
}

/** CSV as RFC 4180 has it (quotes, doubled quotes, line breaks inside), the separator guessed from the first line. */
export interface CsvTable {
  header: string[];
  rows: string[][];
  total: number;
}

export function parseCsv(source: string, maxRows: number): CsvTable {
  const separator = guessSeparator(source);
  const records: string[][] = [];
  let total = 0;
  for (const record of recordsOf(source, separator)) {
    if (record.length === 1 && record[0] === "") continue;
    total += 1;
    if (records.length <= maxRows) records.push(record);
  }
  const [header = [], ...rows] = records;
  return { header, rows: rows.slice(0, maxRows), total: Math.max(0, total - 1) };
}

function guessSeparator(source: string): string {
  const line = source.slice(0, source.search(/\r?\n|$/));
  const counts = [",", "\t", ";"].map((separator) => [separator, line.split(separator).length] as const);
  return counts.reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

function* recordsOf(source: string, separator: string): Generator<string[]> {
  let record: string[] = [];
  let at = source.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (at <= source.length) {
    const [field, end] = source[at] === '"' ? quoted(source, at) : plain(source, at, separator);
    record.push(field);
    if (source[end] === separator) {
      at = end + 1;
      continue;
    }
    yield record;
    record = [];
    if (end >= source.length) return;
    at = end + (source[end] === "\r" && source[end + 1] === "\n" ? 2 : 1);
  }
}

function plain(source: string, from: number, separator: string): [string, number] {
  let end = from;
  while (end < source.length && source[end] !== separator && source[end] !== "\n" && source[end] !== "\r")
    end += 1;
  return [source.slice(from, end), end];
}

function quoted(source: string, from: number): [string, number] {
  let field = "";
  let at = from + 1;
  for (;;) {
    const close = source.indexOf('"', at);
    if (close < 0) return [field + source.slice(at), source.length];
    field += source.slice(at, close);
    if (source[close + 1] !== '"') return [field, close + 1];
    field += '"';
    at = close + 2;
  }
}

/** ANSI colours to pieces of text with our tokens as classes. What the text holds is never HTML. Pure. */
import Anser from "anser";

export interface Piece {
  text: string;
  className: string;
}

const COLOURS: Record<string, string> = {
  "ansi-black": "text-ink-faint",
  "ansi-red": "text-bad",
  "ansi-green": "text-good",
  "ansi-yellow": "text-warn",
  "ansi-blue": "text-active",
  "ansi-magenta": "text-person",
  "ansi-cyan": "text-accent",
  "ansi-white": "text-ink",
};

const DECORATIONS: Record<string, string> = {
  bold: "font-bold",
  dim: "text-ink-faint",
  italic: "italic",
  underline: "underline",
  strikethrough: "line-through",
};

const ESCAPE = "\u001b";

export function piecesOf(source: string): Piece[] {
  const line = afterReturns(source);
  if (!line.includes(ESCAPE)) return [{ text: line, className: "" }];
  return Anser.ansiToJson(line, { json: true, use_classes: true, remove_empty: true }).map((entry) => ({
    text: entry.content,
    className: [
      COLOURS[(entry.fg ?? "").replace("ansi-bright-", "ansi-")] ?? "",
      ...entry.decorations.map((name) => DECORATIONS[name] ?? ""),
    ]
      .filter(Boolean)
      .join(" "),
  }));
}

/** A carriage return writes over what stood there: progress bars show their last state, as in a terminal. */
function afterReturns(line: string): string {
  if (!line.includes("\r")) return line;
  const trimmed = line.replace(/\r+(?=\n|$)/g, "");
  return trimmed.slice(trimmed.lastIndexOf("\r") + 1);
}

/** A key for what is about to be sent: the same as long as the body is the same, so a second click makes no second run. */
export class IdempotencyKeys {
  #body = "";
  #key = "";

  keyFor(body: string): string {
    if (this.#key === "" || body !== this.#body) {
      this.#body = body;
      this.#key = randomKey();
    }
    return this.#key;
  }

  /** The run exists: sending the same again is meant as another one. */
  spent(): void {
    this.#key = "";
  }
}

/** `crypto.randomUUID` is missing on plain http from another machine; random bytes are there. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

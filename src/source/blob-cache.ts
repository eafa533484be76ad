// Why this exists: from one commit to the next few files change; those that did not are not read
// again. Keyed by content id, so that a stale entry cannot exist; bounded in bytes.

/** Contents by id, the least recently used leaving first. */
export class BlobCache {
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(id: string): Uint8Array | undefined {
    const bytes = this.#blobs.get(id);
    if (bytes === undefined) return undefined;
    this.#blobs.delete(id);
    this.#blobs.set(id, bytes);
    return bytes;
  }

  set(id: string, bytes: Uint8Array): void {
    const former = this.#blobs.get(id);
    if (former !== undefined) this.#bytes -= former.length;
    this.#blobs.delete(id);
    this.#blobs.set(id, bytes);
    this.#bytes += bytes.length;
    for (const [oldest, content] of this.#blobs) {
      if (this.#bytes <= this.#maxBytes || oldest === id) break;
      this.#blobs.delete(oldest);
      this.#bytes -= content.length;
    }
  }

  /** Forgets all but these: several contents share one piece of memory, which all of them hold. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const [id, content] of this.#blobs) {
      if (ids.has(id)) continue;
      this.#blobs.delete(id);
      this.#bytes -= content.length;
    }
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#bytes;
  }
}

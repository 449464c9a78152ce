import { finished } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { Hit, SecretSearch } from "../checks/secretSearch";
import { TextSearch } from "../checks/textSearch";
import { errorText } from "./failure";

/** Looks for secrets in places, in bounded memory, and tells a clean place from one it cannot see. */

/** Something in a place that is looked through: a document, a file, a process. */
export interface SearchedObject {
  /** For findings; searched, too. */
  readonly name: string;
  readonly content: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Public texts, one of which has to be in the content: else this is not what it should be. */
  readonly markers?: readonly string[];
  /** The name of the secret that this object is there to hold. */
  readonly mayHold?: string;
  /** Whether it is known to be closed to the search. */
  readonly sealed?: boolean;
}

/** Where no secret may stand readable. */
export interface Place {
  readonly name: string;
  /** Whether it may be empty, as a folder of reports is at first. */
  readonly mayBeEmpty?: boolean;
  /**
   * All that is there. The content of each is read before the next one is asked for.
   *
   * Throws, at the end if it can, when part of the place cannot be searched.
   */
  objects(): AsyncIterable<SearchedObject>;
}

/** A secret where it must not be. Never holds its value. */
export interface Finding extends Hit {
  readonly object: string;
}

export interface PlaceResult {
  readonly place: string;
  readonly objects: number;
  /** As read, with what was packed counted as unpacked. */
  readonly bytes: number;
  /** Objects that are closed to the search: packed in another way than gzip, or protected even from root. */
  readonly sealed: number;
  readonly findings: readonly Finding[];
  /** Why the place does not count as searched; undefined when it does. */
  readonly notSearched?: string;
  readonly seconds: number;
}

/** Looks through a place. Never throws: what cannot be searched is part of the result. */
export async function searchPlace(place: Place, search: SecretSearch): Promise<PlaceResult> {
  const began = performance.now();
  const tally = { objects: 0, bytes: 0, sealed: 0, findings: [] as Finding[] };
  const problems: string[] = [];
  try {
    for await (const object of place.objects()) {
      const looked = await lookThrough(object, search);
      tally.objects += 1;
      tally.bytes += looked.bytes;
      tally.sealed += looked.sealed ? 1 : 0;
      tally.findings.push(...looked.findings);
      if (looked.markerMissing) problems.push(`${object.name} is not what it should be`);
    }
  } catch (error) {
    problems.push(errorText(error));
  }
  if (tally.objects === 0 && problems.length === 0 && !place.mayBeEmpty)
    problems.push("there is nothing, but there must be something");
  return {
    place: place.name,
    ...tally,
    ...(problems.length === 0 ? {} : { notSearched: harmless(problems.join("; "), search) }),
    seconds: (performance.now() - began) / 1000,
  };
}

/** An error names paths and commands, and repeats what an engine said. */
function harmless(text: string, search: SecretSearch): string {
  return search.findIn(text).length === 0 ? text : "for a reason that holds a secret itself";
}

interface Looked {
  readonly bytes: number;
  readonly sealed: boolean;
  readonly findings: readonly Finding[];
  readonly markerMissing: boolean;
}

async function lookThrough(object: SearchedObject, search: SecretSearch): Promise<Looked> {
  const raw = search.start();
  const unpacked = search.start();
  const marker =
    object.markers && new TextSearch(object.markers.map((text) => Buffer.from(text))).start();
  let gunzip: Gunzip | undefined;
  let sealed = object.sealed ?? false;
  for await (const part of partsOf(object.content)) {
    if (raw.bytes === 0) {
      if (OTHER_PACKED.some((magic) => startsWith(part, magic))) sealed = true;
      if (startsWith(part, GZIP)) gunzip = new Gunzip((bytes) => unpacked.push(bytes));
    }
    raw.push(part);
    marker?.push(part);
    await gunzip?.push(part);
  }
  if (gunzip && !(await gunzip.end())) sealed = true;
  return {
    bytes: gunzip ? unpacked.bytes : raw.bytes,
    sealed,
    findings: findingsOf(object, search, [
      ...search.hitsOf(raw),
      ...search.hitsOf(unpacked).map(({ secret, form }) => ({ secret, form: `${form}, packed` })),
    ]),
    markerMissing: marker?.found.size === 0,
  };
}

/** A name with a secret in it is itself one: it is not repeated. */
function findingsOf(object: SearchedObject, search: SecretSearch, hits: readonly Hit[]): Finding[] {
  const inName = search.findIn(object.name);
  const name = inName.length === 0 ? object.name : "something with a secret in its name";
  return [...hits, ...inName.map(({ secret, form }) => ({ secret, form: `${form}, as a name` }))]
    .filter(({ secret }) => secret !== object.mayHold)
    .map((hit) => ({ object: name, ...hit }));
}

/** The content in parts, the first one long enough to tell by it what the content is. */
async function* partsOf(content: SearchedObject["content"]): AsyncIterable<Uint8Array> {
  if (typeof content === "string") return yield Buffer.from(content);
  if (content instanceof Uint8Array) return yield content;
  let head: Uint8Array | undefined = new Uint8Array();
  for await (const part of content) {
    if (head === undefined) {
      yield part;
      continue;
    }
    head = Buffer.concat([head, part]);
    if (head.length < MAGIC_BYTES) continue;
    yield head;
    head = undefined;
  }
  if (head !== undefined) yield head;
}

const MAGIC_BYTES = 6;
const GZIP = [0x1f, 0x8b];
/** zip, xz, bzip2 and Zstandard: Node 20 cannot unpack these, or not without an index at the end. */
const OTHER_PACKED = [
  [0x50, 0x4b, 0x03, 0x04],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a],
  [0x42, 0x5a, 0x68],
  [0x28, 0xb5, 0x2f, 0xfd],
];

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

/** Unpacks beside the search of the packed bytes, which goes on when they turn out not to be gzip. */
class Gunzip {
  private readonly stream = createGunzip();
  private failed = false;
  private goOn = () => {};

  constructor(take: (bytes: Uint8Array) => void) {
    this.stream.on("data", take);
    this.stream.on("error", () => {
      this.failed = true;
      // The callback of the write that failed is never called.
      this.goOn();
    });
  }

  async push(part: Uint8Array): Promise<void> {
    if (this.failed) return;
    await new Promise<void>((resolve) => {
      this.goOn = resolve;
      this.stream.write(part, () => resolve());
    });
  }

  /** Whether all of it could be unpacked. */
  async end(): Promise<boolean> {
    if (this.failed) return false;
    this.stream.end();
    return finished(this.stream).then(
      () => true,
      () => false,
    );
  }
}

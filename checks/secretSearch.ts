import { formsOf, tellingPieces } from "./secretForms";
import { type RunningSearch, TextSearch } from "./textSearch";

/** A secret with the name that findings give it. */
export interface NamedSecret {
  readonly name: string;
  readonly value: string;
}

/** A secret that was found; its value is not here. */
export interface Hit {
  /** Which secret, and which part of it. */
  readonly secret: string;
  /** How it was written. */
  readonly form: string;
}

/** A form of a part of a secret, as bytes: a secret itself. */
export interface Needle {
  readonly hit: Hit;
  readonly bytes: Buffer;
}

/** Everything that gives the secrets away; nothing of those that are too short to be searched for. */
export function needlesOf(secrets: readonly NamedSecret[]): Needle[] {
  return secrets.flatMap(({ name, value }) =>
    tellingPieces(value).flatMap(({ of, bytes }) =>
      formsOf(bytes).map((form) => ({
        hit: { secret: of === "" ? name : `${name}, ${of}`, form: form.form },
        bytes: form.bytes,
      })),
    ),
  );
}

/** The search for a set of secrets, in every form, in many places. */
export class SecretSearch {
  /** Names of the secrets that are searched for. */
  readonly searched: readonly string[];
  /** Names of those that are too short: they would be found everywhere, or nowhere by right. */
  readonly tooShort: readonly string[];
  private readonly hits: readonly Hit[];
  private readonly texts: TextSearch;

  /** Throws when none of the secrets can be searched for. */
  constructor(secrets: readonly NamedSecret[]) {
    const canBeFound = ({ value }: NamedSecret) => tellingPieces(value).length > 0;
    this.searched = secrets.filter(canBeFound).map(({ name }) => name);
    this.tooShort = secrets.filter((secret) => !canBeFound(secret)).map(({ name }) => name);
    if (this.searched.length === 0) throw new Error("there is no secret that can be searched for");
    const needles = needlesOf(secrets);
    this.hits = needles.map(({ hit }) => hit);
    this.texts = new TextSearch(needles.map(({ bytes }) => bytes));
  }

  /** A search through one stream of bytes, to be asked for its result with {@link hitsOf}. */
  start(): RunningSearch {
    return this.texts.start();
  }

  hitsOf({ found }: RunningSearch): Hit[] {
    return [...found].sort((a, b) => a - b).map((position) => this.hits[position] as Hit);
  }

  /** The secrets that stand in `content`. */
  findIn(content: string | Uint8Array): Hit[] {
    const search = this.start();
    search.push(typeof content === "string" ? Buffer.from(content) : content);
    return this.hitsOf(search);
  }
}

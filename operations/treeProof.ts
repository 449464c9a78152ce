import { join } from "node:path";
import type { ManifestEnd } from "../checks/manifest";
import { pathBytes } from "../checks/manifest";
import { compareManifests, type Difference } from "../checks/manifestCompare";
import { SOURCE_MANIFEST, TARGET_MANIFEST } from "./copyRecord";
import { type MadeManifest, makeManifest, manifestEntries } from "./manifest";
import type { ToolsContainer } from "./toolsContainer";

/** The proof that two trees in a tools container are equal: their manifests, made side by side. */

export interface ProofOptions {
  readonly from: string;
  readonly to: string;
  /** Where the manifests are written; see {@link proofFiles}. */
  readonly folder: string;
  /** Those of an earlier proof: the contents that they vouch for are not read again. */
  readonly earlier?: string;
  /** Told how much has been read of both together. */
  readonly onProgress?: (soFar: Pick<ManifestEnd, "entries" | "bytes">) => void;
}

export interface Proof {
  readonly source: ManifestEnd;
  readonly target: ManifestEnd;
  /** Empty when the trees are equal in everything that a manifest knows. */
  readonly differences: readonly Difference[];
  /** Files whose content alone differs, as bytes: nothing but reading them shows it. */
  readonly contents: readonly Buffer[];
  readonly differing: number;
}

/** How many differences are kept for the message. */
const SHOWN = 20;

/** Where the manifests of a proof are. */
export function proofFiles(folder: string): { source: string; target: string } {
  return { source: join(folder, SOURCE_MANIFEST), target: join(folder, TARGET_MANIFEST) };
}

/** Makes both manifests and compares them. Throws ToolFailed when something cannot be read. */
export async function proveEqual(
  tools: ToolsContainer,
  { from, to, folder, earlier, onProgress = () => {} }: ProofOptions,
): Promise<Proof> {
  const files = proofFiles(folder);
  const parts = [
    { entries: 0, bytes: 0 },
    { entries: 0, bytes: 0 },
  ];
  const make = (root: string, side: "source" | "target", part: number) =>
    makeManifest(tools, {
      root,
      file: files[side],
      ...(earlier === undefined ? {} : { earlier: proofFiles(earlier)[side] }),
      onProgress: (soFar) => {
        parts[part] = soFar;
        const sum = (of: "entries" | "bytes") => parts.reduce((all, each) => all + each[of], 0);
        onProgress({ entries: sum("entries"), bytes: sum("bytes") });
      },
    });
  const [source, target] = await Promise.all([make(from, "source", 0), make(to, "target", 1)]);
  const differing = isEqual(source, target) ? NONE : await collect(files);
  return { source: source.end, target: target.end, ...differing };
}

const NONE = { differences: [], contents: [], differing: 0 };

/** Equal texts have no differences: reading both manifests again takes as long as a tenth of making them. */
function isEqual(source: MadeManifest, target: MadeManifest): boolean {
  return source.end.digest === target.end.digest && source.volatileDigest === target.volatileDigest;
}

async function collect(files: { source: string; target: string }) {
  const differences: Difference[] = [];
  const contents: Buffer[] = [];
  let differing = 0;
  for await (const difference of compareManifests(
    manifestEntries(files.source),
    manifestEntries(files.target),
  )) {
    differing += 1;
    if (differences.length < SHOWN) differences.push(difference);
    if (difference.kind === "content") {
      contents.push(Buffer.from(pathBytes(difference.path), "latin1"));
    }
  }
  return { differences, contents, differing };
}

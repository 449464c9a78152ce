import { bytesText } from "./transferText";

/**
 * How much of its declared storage an editor's data takes. Nothing enforces the size: a local volume on overlay2
 * and ext4 has no quota. So it is measured, and it is a gate for what would copy the data.
 */

/** From this share on it is worth a warning. */
const WARNING_SHARE = 0.8;

export interface StorageUse {
  readonly volume: string;
  /** What the data takes on the disk. */
  readonly bytes: number;
  /** `resources.storage`, MiB. */
  readonly declaredMebibytes: number;
}

/** `full`: as much as declared, or more; `warning`: 80 % or more. */
export type StorageLevel = "ok" | "warning" | "full";

const declaredBytes = ({ declaredMebibytes }: StorageUse) => declaredMebibytes * 1024 ** 2;

export function storageLevel(use: StorageUse): StorageLevel {
  const share = use.bytes / declaredBytes(use);
  if (share >= 1) return "full";
  return share >= WARNING_SHARE ? "warning" : "ok";
}

/** `1.8 GiB of 2.0 GiB (90 %)`. */
export function storageText(use: StorageUse): string {
  const declared = declaredBytes(use);
  // Rounded down: 99.9 % is not full.
  const percent = Math.floor((100 * use.bytes) / declared);
  return `${bytesText(use.bytes)} of ${bytesText(declared)} (${percent} %)`;
}

/** A sentence with the fix; undefined while there is room. */
export function storageWarning(stack: string, use: StorageUse): string | undefined {
  const fix = `remove what is not needed, or raise resources.storage in Pulumi.${stack}.yaml`;
  switch (storageLevel(use)) {
    case "ok":
      return undefined;
    case "warning":
      return `${use.volume} holds ${storageText(use)}; at 100 % it is not upgraded any more: ${fix}`;
    case "full":
      return `${use.volume} is full: ${storageText(use)}; it is not upgraded before there is room: ${fix}`;
  }
}

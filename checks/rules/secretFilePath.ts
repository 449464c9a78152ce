import { COMMAND, type Producer, VOLUME } from "./facts";

const SECRET_FILE = "doom-coding:index:SecretFile";
const SECRET = "doom-coding:index:Secret";

/**
 * Whether a path that is not known yet can only be the one of this project's secret file.
 *
 * The path holds a fingerprint of the secret, so that nobody knows it before the secret exists. What
 * a preview knows is who makes it: the command of a `SecretFile`, beside volumes, whose names are
 * known, and the secret's own generator. The update checks the path itself before it makes anything.
 */
export function isSecretFilePath(producers: readonly Producer[]): boolean {
  const isWriter = ({ type, parentType }: Producer) =>
    type === COMMAND && parentType === SECRET_FILE;
  return (
    producers.some(isWriter) &&
    producers.every(
      (producer) =>
        isWriter(producer) ||
        producer.type === VOLUME ||
        (producer.type === COMMAND && producer.parentType === SECRET),
    )
  );
}

/** {@link isSecretFilePath} for the sources of mounts. */
export function settlesMountSource(path: string, producers: readonly Producer[]): boolean {
  return /^mounts\[\d+\]\.source$/.test(path) && isSecretFilePath(producers);
}

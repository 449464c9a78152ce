import type { Claim } from "../../../operations/secretProof";

/** What was proven, a line for each secret: `  code-server-1: the old password is refused; …`. */
export function describeClaims(claims: readonly Claim[]): string {
  const names = [...new Set(claims.map(({ secret }) => secret))];
  return names
    .map((name) => {
      const statements = claims.filter(({ secret }) => secret === name);
      const text = statements.map(({ statement }) => statement).join("; ");
      return `  ${name === undefined ? "" : `${name}: `}${text}`;
    })
    .join("\n");
}

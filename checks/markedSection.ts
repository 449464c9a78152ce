/** A part of a document that a program writes: between `<!-- NAME: … -->` and `<!-- /NAME -->`. */
export interface Marks {
  readonly start: string;
  readonly end: string;
}

/** `document` with `section` between its two marks. Throws an Error when it lacks them. */
export function withSection(document: string, { start, end }: Marks, section: string): string {
  const from = document.indexOf(start);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error(`no ${start} … ${end} in the document`);
  return `${document.slice(0, from)}${start}\n${section}\n${document.slice(to)}`;
}

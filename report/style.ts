/**
 * How the page looks. Colours have a contrast of at least 4.5 to 1 where they carry text, and none means anything
 * without a sign or a word beside it; blue and orange are told apart by everybody.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fdfdfb; --ink: #1d2126; --soft: #59626d; --line: #dcdfe3; --raised: #f3f4f2;
  --link: #0b57a4; --met: #075985; --met-back: #e0effa; --missed: #9a3412; --missed-back: #fdebdc;
  --series-1: #0b6bb8; --series-2: #c2540a; --series-3: #59626d; --series-4: #7a3e9d;
  --heat-none: #f0f1f0; --heat-some: #c4dcf2; --heat-all: #8fbfe8; --heat-wrong: #f7a35c; --heat-ink: #1d2126;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181c; --ink: #e4e7ea; --soft: #a2abb5; --line: #343a42; --raised: #1e2228;
    --link: #7cbaf5; --met: #9bd0fa; --met-back: #173449; --missed: #fdba8c; --missed-back: #46260f;
    --series-1: #63aeee; --series-2: #f09a4f; --series-3: #a2abb5; --series-4: #c99be8;
    --heat-none: #23282e; --heat-some: #1f4a70; --heat-all: #2b6ca8; --heat-wrong: #a8510f; --heat-ink: #f2f4f6;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
main, header, footer { max-width: 62rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.01em; }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 3rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 2rem 0 .25rem; }
p { max-width: 44rem; margin: .5rem 0 1rem; }
.soft, .detail, figcaption { color: var(--soft); }
a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: .15em; }
a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .35rem 1.1rem; padding: 0; margin: 1rem 0 0; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 1.5rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .55rem .75rem .55rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { font-size: .85rem; font-weight: 600; color: var(--soft); overflow-wrap: normal; }
td:first-child { font-weight: 600; }
tr:target { background: var(--raised); }
.detail { display: block; font-size: .85rem; line-height: 1.4; font-weight: 400; }
.runs { font-size: .8rem; font-weight: 400; white-space: nowrap; }
.met, .missed, .missing { display: inline-block; padding: 0 .45rem; border-radius: .25rem; }
.met { color: var(--met); background: var(--met-back); }
.missed { color: var(--missed); background: var(--missed-back); font-weight: 600; }
.missing { color: var(--soft); border: 1px dashed var(--line); }
figure { margin: 1.5rem 0 2rem; }
figcaption { max-width: 44rem; margin-bottom: .75rem; font-size: .95rem; }
figcaption strong { display: block; color: var(--ink); }
figure svg { display: block; width: 100%; height: auto; }
.wide { max-width: 760px; }
.narrow { display: none; }
footer { padding-top: 2rem; padding-bottom: 3rem; font-size: .9rem; color: var(--soft); }
@media (max-width: 40rem) {
  header { padding-top: 1.5rem; }
  h1 { font-size: 1.6rem; }
  .wide { display: none; }
  .narrow { display: block; max-width: 340px; }
  table, tbody, tr, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { padding: .6rem 0; border-bottom: 1px solid var(--line); }
  td { border: 0; padding: .15rem 0 .15rem 8.5rem; min-height: 1.8rem; position: relative; }
  td:first-child { padding-left: 0; }
  td::before { content: attr(data-label); position: absolute; left: 0; width: 8rem; font-size: .85rem; font-weight: 400; color: var(--soft); }
  td:first-child::before { content: none; }
}
@media print { .narrow, nav { display: none; } h2 { break-after: avoid; } tr, figure { break-inside: avoid; } }
`;

/** The graph as a page: one file that asks nothing of the network. */
import { escapeMarkup } from './escape-markup.ts';
import { graphDocument } from './graph-document.ts';
import { pageScript } from './graph-page-script.ts';
import { pageStyle } from './graph-page-style.ts';
import { svgOf } from './graph-svg.ts';
import type { GraphView } from './graph-view.ts';

export function htmlOf(view: GraphView): string {
  const title = escapeMarkup(view.title);
  // Inside of a script, only "<" could end it.
  const data = JSON.stringify(graphDocument(view)).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>
${pageStyle}
</style>
</head>
<body>
<header>
  <h1>${title}</h1>
  <label class="search"><input id="search" type="search" placeholder="Search" aria-label="Search components" autocomplete="off"><kbd>/</kbd></label>
  <output id="count" for="search"></output>
  <div class="zoom" role="group" aria-label="Zoom">
    <button type="button" id="zoom-out" aria-label="Zoom out" title="Zoom out (-)">−</button>
    <button type="button" id="zoom-fit" title="Show all (0)">Fit</button>
    <button type="button" id="zoom-in" aria-label="Zoom in" title="Zoom in (+)">+</button>
  </div>
</header>
<main>
<div id="drawing">
${svgOf(view)}</div>
<aside id="facts" aria-live="polite"></aside>
</main>
<script type="application/json" id="graph">${data}</script>
<script>
${pageScript}
</script>
</body>
</html>
`;
}

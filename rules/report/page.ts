/** The page as a whole. */
import { ramp } from './colour-map.ts';
import { depthGallery } from './depth-gallery.ts';
import { factTiles, titleOf } from './facts.ts';
import { type Found, findingsAt, findingsText } from './findings.ts';
import { foundGallery } from './found-gallery.ts';
import { frameLooks } from './frame-looks.ts';
import { html, Markup, scriptJson } from './markup.ts';
import { drawPanels } from './panels.ts';
import { missingLine } from './parts.ts';
import { choosePictures, type Pictures } from './pictures.ts';
import { provenanceCards } from './provenance.ts';
import { durationOf, type ReportInputs } from './report-inputs.ts';
import { script } from './script.ts';
import { qualityTable, shotPanel, shotStrip } from './shots.ts';
import { style } from './style.ts';

// The page may show what is in it and ask nobody for anything.
const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/** A report as one file of HTML: the same inputs give the same text. */
export async function drawPage(inputs: ReportInputs): Promise<string> {
  const durationSec = durationOf(inputs);
  const panels = drawPanels(inputs, durationSec);
  const pictures = choosePictures(inputs);
  const looks = frameLooks(inputs, durationSec);
  const title = titleOf(inputs);
  const data = {
    durationSec,
    shots: inputs.shots ? [...inputs.shots.start_sec.data] : [],
    readouts: panels.flatMap(({ readouts }) => readouts),
    pictures: {
      times: pictures.timesSec,
      jpegs: pictures.jpegs,
      ratio: pictures.width / pictures.height,
      found: foundOf(inputs, pictures),
    },
    ...looks.data,
    ramp: ramp(64),
  };
  const preview =
    pictures.jpegs.length === 0
      ? ''
      : html`<span class="view"><img id="preview" width="${pictures.width}" height="${pictures.height}" alt="The frame at the cursor"><svg id="boxes" class="boxes" viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true"></svg></span>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header><h1>${title}</h1>${factTiles(inputs)}</header>
<main>
<noscript><p>Pictures and the cursor need JavaScript.</p></noscript>
<section class="timeline">
<div class="bar">${preview}<p id="now"><output id="time">0:00.0</output><span id="where"></span><span id="found"></span></p>
<p class="zoom"><button type="button" id="out" aria-label="Zoom out">−</button><button type="button" id="in" aria-label="Zoom in">+</button></p></div>
${shotStrip(inputs, pictures)}
<div class="scroll"><div class="axis" id="axis" tabindex="0" role="slider" aria-label="Time" aria-valuemin="0" aria-valuemax="${durationSec.toFixed(3)}" aria-valuenow="0">
<div id="grid"></div>
${shotPanel(inputs, durationSec)}${panels.map(({ markup }) => markup)}
<div id="ruler"></div><div id="cursor"></div>
</div></div>
<p class="hint">Move over the panels, drag on a touch screen, or use the arrow keys; with Shift they go from shot to shot.</p>
</section>
${missingLine(inputs)}
${foundGallery(inputs, pictures, durationSec)}${await depthGallery(inputs, pictures)}${looks.markup}${qualityTable(inputs)}<section><h2>Where it comes from</h2>${provenanceCards(inputs)}</section>
</main>
<script type="application/json" id="data">${scriptJson(data)}</script>
<script>${new Markup(script)}</script>
</body>
</html>
`.text;
}

/** What was found in each picture: a line of text, and boxes in thousandths of the picture. */
function foundOf(inputs: ReportInputs, pictures: Pictures): unknown[] {
  if (!inputs.faces && !inputs.objects) return [];
  return pictures.timesSec.map((sec) => {
    const findings = findingsAt(inputs, sec);
    const boxes = [...boxesOf('object', findings.objects), ...boxesOf('face', findings.faces)];
    return { text: findingsText(findings), boxes };
  });
}

function boxesOf(kind: string, found: Found | undefined): [string, ...number[]][] {
  if (found === undefined || found === 'unseen') return [];
  return found.map(({ box }) => [kind, ...box.map((side) => Math.round(1000 * side))]);
}

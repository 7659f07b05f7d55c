/** The style sheet of the report: light and dark, from a phone's width on. */
export const style = `
:root {
  --paper: #f6f6f4; --card: #ffffff; --ink: #1b1b1f; --soft: #63636b; --line: #e3e3e0; --well: #f1f1ee;
  --c1: #2563c9; --c2: #0f8a6c; --c3: #b4690e; --c4: #8b3fc2; --cursor: #d92d3a; --even: #c9d3e3; --odd: #a9b8d0;
  --good: #0f7a4d; --idle: #8a6100; --bad: #63636b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #131316; --card: #1c1c21; --ink: #ededf0; --soft: #a0a0aa; --line: #303037; --well: #232329;
    --c1: #7aa9ff; --c2: #4fd1ab; --c3: #f2b155; --c4: #ce9bff; --cursor: #ff6b75; --even: #3a4660; --odd: #52627f;
    --good: #58d39a; --idle: #e6b84f; --bad: #a0a0aa;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 20px 64px; max-width: 1180px; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 24px; line-height: 1.2; margin: 0 0 16px; letter-spacing: -.01em; }
h2 { font-size: 17px; margin: 36px 0 12px; }
h3, p, dl, dd, ol { margin: 0; padding: 0; }
button { font: inherit; color: inherit; }
code { font: 12px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }

.facts { display: flex; flex-wrap: wrap; gap: 1px; background: var(--line);
  border: 1px solid var(--line); border-radius: 10px; overflow: hidden; margin-bottom: 20px; }
.facts > div { flex: 1 1 138px; background: var(--card); padding: 10px 14px 12px; }
.facts dt, .facts .note { color: var(--soft); font-size: 12px; }
.facts dd { font-size: 18px; font-weight: 600; line-height: 1.3; }
.facts .note { font-weight: 400; }

.timeline { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 0 16px 12px; }
.bar { position: sticky; top: 0; z-index: 3; display: flex; align-items: center; gap: 16px; background: var(--card);
  padding: 12px 0; border-radius: 10px 10px 0 0; }
#preview { height: 108px; width: auto; max-width: 45%; object-fit: contain; border-radius: 6px; background: var(--well); outline: 1px solid var(--line); outline-offset: -1px; }
.view { position: relative; display: inline-block; line-height: 0; }
.boxes { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
.bar .view { flex: none; max-width: 45%; }
.bar #preview { max-width: 100%; }
#now { flex: 1; min-width: 0; }
#found { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; color: var(--soft); font-size: 12px; }
#time { display: block; font-size: 26px; font-weight: 600; line-height: 1.2; }
#where { color: var(--soft); }
.zoom { display: flex; }
.zoom button { width: 40px; height: 40px; border: 1px solid var(--line); background: var(--well); cursor: pointer; font-size: 18px; }
.zoom button:first-child { border-radius: 8px 0 0 8px; }
.zoom button:last-child { border-radius: 0 8px 8px 0; border-left: 0; }
.zoom button:disabled { color: var(--soft); opacity: .5; cursor: default; }

.strip { position: relative; contain: content; display: flex; gap: 8px; overflow-x: auto; list-style: none; padding: 4px 4px 10px; margin: 0 -4px 8px; scrollbar-width: thin; }
.strip li { flex: none; }
.strip button { display: grid; grid-template-columns: 1fr auto; gap: 2px 8px; padding: 0 0 2px; border: 0; border-radius: 6px;
  background: none; cursor: pointer; font-size: 12px; text-align: left; color: var(--soft); }
.strip b { color: var(--ink); }
.strip img, .strip .blank { grid-column: 1 / -1; height: 72px; width: auto; min-width: 72px; border-radius: 6px; background: var(--well); display: block; object-fit: contain; outline: 1px solid var(--line); outline-offset: -1px; }
.strip .blank { width: 96px; border: 1px dashed var(--line); }
.strip .now img, .strip .now .blank { outline: 2px solid var(--cursor); outline-offset: 1px; }

.scroll { overflow-x: auto; overflow-y: hidden; scrollbar-width: thin; }
.axis { position: relative; width: calc(100% * var(--zoom, 1)); touch-action: pan-y; cursor: crosshair; user-select: none; -webkit-user-select: none; }
.axis:focus { outline: none; }
.axis:focus-visible #cursor { width: 3px; margin-left: -1.5px; }
.axis.zoomed { touch-action: pan-x pan-y; }
.panel { position: relative; padding-top: 10px; }
.panel h3 { position: sticky; left: 0; width: calc(100% / var(--zoom, 1)); display: flex; flex-wrap: wrap; align-items: baseline;
  gap: 0 12px; font-size: 13px; font-weight: 400; line-height: 1.5; padding-bottom: 3px; color: var(--soft); }
.panel .name { font-weight: 600; color: var(--ink); }
.panel .note { display: flex; flex-wrap: wrap; gap: 0 12px; }
.panel .values { margin-left: auto; display: flex; flex-wrap: wrap; gap: 0 14px; }
.panel .values b { color: var(--ink); font-weight: 600; display: inline-block; min-width: 3.2em; text-align: right; }
.value i, .kind i { display: inline-block; width: 10px; height: 3px; border-radius: 2px; margin-right: 5px; vertical-align: middle; background: var(--c); }
.value.faint i { opacity: .45; }
.value.none i { display: none; }
.c1 { --c: var(--c1); } .c2 { --c: var(--c2); } .c3 { --c: var(--c3); } .c4 { --c: var(--c4); }
.field { position: relative; contain: strict; height: 84px; background: var(--well); border-radius: 6px; overflow: clip; }
.field svg { display: block; width: 100%; height: 100%; }
.scale { position: sticky; left: 0; width: 0; height: 0; z-index: 1; }
.scale span { position: absolute; left: 5px; margin-top: -1px; font-size: 10px; line-height: 1.2; color: var(--soft); white-space: nowrap; }
.scale { top: 0; }
.field .scale { height: 84px; margin-bottom: -84px; }
svg path { fill: none; vector-effect: non-scaling-stroke; }
svg .line { stroke: var(--c); stroke-width: 1.6; stroke-linejoin: round; stroke-linecap: round; }
svg .line.faint { opacity: .45; stroke-width: 1; }
svg .area { fill: var(--c); opacity: .18; }
svg .level { stroke: var(--line); }
svg .level.strong { stroke: var(--c1); stroke-dasharray: 5 4; }
svg .span { fill: var(--soft); opacity: .2; }
svg .marks { stroke: var(--ink); stroke-width: 1.2; opacity: .7; }
.film { display: flex; height: 54px; margin-bottom: 3px; border-radius: 6px; overflow: hidden; background: var(--well); }
.film:empty { display: none; }
.film img { flex: 1 1 0; min-width: 0; height: 100%; object-fit: cover; display: block; }
.panel.shots .field { height: 26px; }
rect.even { fill: var(--even); } rect.odd { fill: var(--odd); }
.kind.hard { --c: var(--ink); } .kind.fade_in, .kind.fade_out { --c: var(--c3); } .kind.dissolve { --c: var(--c4); }
svg .cut { stroke-width: 2; stroke: var(--ink); }
svg .cut.fade_in, svg .cut.fade_out { stroke: var(--c3); }
svg .cut.dissolve { stroke: var(--c4); }
svg .moment { stroke: var(--ink); stroke-width: 1.2; opacity: .55; }
svg .moment { stroke-dasharray: 4 3; }
svg .moment.strong { stroke-dasharray: none; opacity: .9; }
.field .tag.strong { top: 17px; font-weight: 600; }
.field .tag { position: absolute; top: 3px; padding: 0 4px; font-size: 10px; line-height: 1.3; color: var(--ink); white-space: nowrap; background: var(--well); border-radius: 3px; margin-left: 2px; }
.field .tag.before { transform: translateX(calc(-100% - 4px)); }
.panel.stretches .field { height: 22px; }
.field .label { position: absolute; top: 0; line-height: 22px; padding: 0 5px; font-size: 11px; font-weight: 600; color: #111; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.field .label.dark { color: #fff; }
.stretches.split rect { stroke: var(--card); stroke-width: 1; vector-effect: non-scaling-stroke; }
#ruler { position: relative; height: 22px; margin-top: 4px; font-size: 11px; color: var(--soft); }
#ruler span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
#ruler span:first-child { transform: none; }
#ruler span.last { transform: translateX(-100%); }
#grid i { position: absolute; z-index: 1; top: 0; bottom: 20px; width: 1px; background: var(--soft); opacity: .12; pointer-events: none; }
#cursor { position: absolute; z-index: 2; top: 0; bottom: 20px; left: 0; width: 1.5px; margin-left: -.75px; background: var(--cursor); pointer-events: none; will-change: left; transform: translateZ(0); }
.hint { color: var(--soft); font-size: 12px; padding-top: 4px; }

.legend { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 10px; font-size: 12px; color: var(--soft); margin-bottom: 10px; }
.ramp { display: inline-block; width: 96px; height: 10px; border-radius: 3px; }
.note .ramp { width: 60px; align-self: center; }
.key i { display: inline-block; width: 14px; height: 10px; margin-right: 5px; vertical-align: -1px; border: 2px solid var(--ink); }
.key.face i { border-color: #ffb000; } .key.object i { border-color: #3f8cff; border-style: dashed; }
.key.part i { border-color: #fff; outline: 1px solid #000; } .key.repeat i { width: 18px; border: 1px dashed #fff; background: #555; }
.gallery { list-style: none; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(47%, 216px), 1fr)); gap: 14px 12px; }
.gallery.pairs { grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); }
.gallery button { display: block; width: 100%; padding: 0; border: 0; background: none; text-align: left; cursor: pointer; font-size: 12px; color: var(--soft); }
.gallery .views { display: flex; gap: 4px; }
.gallery .views > * { flex: 1 1 0; min-width: 0; }
.gallery .map:only-child { max-width: 50%; }
.gallery img { width: 100%; height: auto; display: block; background: var(--well); border-radius: 6px; outline: 1px solid var(--line); outline-offset: -1px; }
.gallery .map { object-fit: fill; }
.gallery .caption { display: block; padding-top: 4px; line-height: 1.4; overflow-wrap: anywhere; }
.gallery b, figcaption b { color: var(--ink); }
.boxes path { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linecap: round; }
.boxes .face path, .boxes path.face { stroke: #ffb000; }
.boxes .object path, .boxes path.object { stroke: #3f8cff; stroke-dasharray: 5 4; }
.boxes g path.under { stroke: #000; stroke-width: 4; opacity: .45; stroke-dasharray: none; }
.boxes .dots { stroke-width: 4; }
.boxes text { fill: #fff; stroke: #000; stroke-width: 2px; paint-order: stroke; }

.looks { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 16px; align-items: start; }
.looks figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; min-width: 0; }
figcaption { font-size: 13px; color: var(--soft); margin-bottom: 8px; }
.looks .legend { margin: 8px 0 0; }
.map[role] { position: relative; touch-action: pan-y; cursor: crosshair; }
.map svg { display: block; width: 100%; background: var(--well); border-radius: 6px; }
.map circle { stroke: var(--ink); stroke-opacity: .45; stroke-width: 1.5; }
.map .path { stroke: var(--soft); opacity: .35; stroke-width: 1; }
.map #here { fill: none; stroke: var(--cursor); stroke-opacity: 1; stroke-width: 5; }
#peek { position: absolute; z-index: 2; width: 144px; height: auto; border-radius: 6px; outline: 1px solid var(--line); pointer-events: none; }
.matrix { position: relative; aspect-ratio: 1; max-width: 440px; margin: 0 auto; touch-action: pan-y; cursor: crosshair; }
.matrix canvas, .matrix svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.matrix canvas { border-radius: 4px; }
.matrix .part { stroke: #fff; stroke-width: 1.5; }
.matrix .repeat { stroke: #fff; stroke-width: 1.5; stroke-dasharray: 4 3; }
.matrix .under { stroke: #000; stroke-width: 3.5; opacity: .6; }
.matrix #cross { stroke: var(--cursor); stroke-width: 1.2; }
.ends { display: flex; justify-content: space-between; max-width: 440px; margin: 4px auto 8px; font-size: 11px; color: var(--soft); }
.pair { display: flex; align-items: center; gap: 8px; min-height: 54px; font-size: 12px; color: var(--soft); }
.pair img { height: 54px; width: auto; border-radius: 4px; }
[hidden] { display: none !important; }
#missing { margin-top: 16px; font-size: 13px; }

.table { contain: content; overflow: auto; max-height: 520px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: 13px; }
th, td { padding: 6px 14px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
thead th { position: sticky; top: 0; z-index: 2; background: var(--card); color: var(--soft); font-weight: 500; }
th:first-child { position: sticky; left: 0; z-index: 1; background: var(--card); text-align: left; }
thead th:first-child { z-index: 3; }
tbody tr { cursor: pointer; }
tbody tr:last-child > * { border-bottom: 0; }
tr.now th:first-child { box-shadow: inset 3px 0 var(--cursor); }
td.part { position: relative; min-width: 92px; }
td.part::after, td.part::before { content: ""; position: absolute; left: 14px; bottom: 3px; height: 3px; border-radius: 2px; }
td.part::before { right: 14px; background: var(--well); }
td.part::after { width: calc((100% - 28px) * var(--part, 0)); background: var(--c1); }
.absent { color: var(--soft); }

.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); gap: 12px; }
.cards article { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px 14px; min-width: 0; }
.cards h3 { font-size: 15px; display: flex; align-items: center; justify-content: space-between; gap: 8px; margin-bottom: 6px; }
.cards p { color: var(--soft); font-size: 13px; }
.cards .reason { color: var(--idle); padding-bottom: 6px; }
.cards dl { display: grid; grid-template-columns: auto 1fr; gap: 3px 12px; font-size: 13px; }
.cards dt { color: var(--soft); }
.cards dd { min-width: 0; overflow-wrap: anywhere; }
.cards dd code { background: var(--well); border-radius: 4px; padding: 1px 5px; display: inline-block; margin: 0 2px 2px 0; }
.badge { font-size: 12px; font-weight: 500; border-radius: 99px; padding: 1px 9px; border: 1px solid currentColor; color: var(--bad); white-space: nowrap; }
.badge.success { color: var(--good); } .badge.empty { color: var(--idle); }

@media (max-width: 640px) {
  body { padding: 16px 12px 48px; }
  h1 { font-size: 20px; }
  .facts > div { flex-basis: 40%; }
  .timeline { padding: 0 10px 10px; }
  .bar { gap: 10px; padding: 8px 0; }
  #preview { height: 72px; }
  #time { font-size: 20px; }
  #where { font-size: 13px; }
  .bar .view { max-width: 42%; }
  .panel .values { margin-left: 0; width: 100%; }
  .panel .values b { text-align: left; }
  .field { height: 72px; }
  .film { height: 40px; }
  .table { max-height: 420px; }
  th, td { padding: 6px 10px; }
}
`;

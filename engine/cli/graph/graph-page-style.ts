/** The look of the page of `flow graph --format html`, around the drawing. */
export const pageStyle = `:root {
  --page: #ffffff; --panel: #f8fafc; --line: #e2e8f0; --text: #18181b; --muted: #52525b;
  --upstream: #2563eb; --downstream: #c026d3; --focus: #2563eb;
  --cached: #15803d; --to-run: #b45309; --unknown: #52525b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181d; --panel: #1d2027; --line: #333842; --text: #f4f4f5; --muted: #a1a1aa;
    --upstream: #60a5fa; --downstream: #e879f9; --focus: #60a5fa;
    --cached: #4ade80; --to-run: #fbbf24; --unknown: #a1a1aa;
  }
}
* { box-sizing: border-box; }
html, body { height: 100%; margin: 0; }
body { display: flex; flex-direction: column; background: var(--page); color: var(--text); font: 14px/1.45 system-ui, -apple-system, "Segoe UI", sans-serif; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 14px; padding: 10px 16px; border-bottom: 1px solid var(--line); }
h1 { flex: 1 1 auto; margin: 0; font-size: 15px; font-weight: 600; overflow-wrap: anywhere; }
.search { position: relative; }
.search input { width: 220px; padding: 6px 30px 6px 10px; border: 1px solid var(--line); border-radius: 7px; background: var(--panel); color: inherit; font: inherit; }
.search kbd { position: absolute; right: 8px; top: 6px; color: var(--muted); font: 12px ui-monospace, monospace; pointer-events: none; }
.search input:focus + kbd, .search input:not(:placeholder-shown) + kbd { display: none; }
#count { min-width: 5em; color: var(--muted); font-size: 13px; }
.zoom { display: flex; }
.zoom button { min-width: 34px; padding: 5px 9px; border: 1px solid var(--line); background: var(--panel); color: inherit; font: inherit; cursor: pointer; }
.zoom button:first-child { border-radius: 7px 0 0 7px; }
.zoom button:last-child { border-radius: 0 7px 7px 0; }
.zoom button + button { border-left: 0; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
main { flex: 1; display: flex; min-height: 0; }
#drawing { flex: 1; min-width: 0; overflow: hidden; touch-action: none; cursor: grab; }
#drawing.dragging { cursor: grabbing; }
#drawing svg { display: block; width: 100%; height: 100%; user-select: none; }
#drawing .ground { fill: none; }
#drawing .graph .title { display: none; }
.node { cursor: pointer; outline: none; }
.node:focus-visible .box { stroke: var(--focus); stroke-width: 3; }
#drawing .lit .node, #drawing .lit .arrow, #drawing .found .node { opacity: 0.22; }
#drawing .found .arrow { opacity: 0.12; }
#drawing .lit .upstream, #drawing .lit .downstream, #drawing .lit .chosen, #drawing .found .match { opacity: 1; }
#drawing .graph .node.chosen .box { stroke: var(--text); stroke-width: 2.5; }
#drawing .graph .node.match .box { stroke-width: 3; }
#drawing .graph .node.upstream .box { stroke: var(--upstream); }
#drawing .graph .node.downstream .box { stroke: var(--downstream); }
#drawing .graph .arrow.upstream { stroke: var(--upstream); stroke-width: 2.2; }
#drawing .graph .arrow.downstream { stroke: var(--downstream); stroke-width: 2.2; }
aside { width: 340px; overflow-y: auto; padding: 16px; border-left: 1px solid var(--line); background: var(--panel); }
aside h2 { margin: 0 0 2px; font: 600 16px ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
aside h3 { margin: 18px 0 5px; color: var(--muted); font-size: 12px; font-weight: 600; }
aside p { margin: 0 0 8px; color: var(--muted); }
aside dl { display: grid; grid-template-columns: auto 1fr; gap: 3px 12px; margin: 12px 0 0; }
aside dt { color: var(--muted); }
aside dd { margin: 0; overflow-wrap: anywhere; }
aside ul { margin: 0; padding: 0; list-style: none; }
aside li { margin-bottom: 6px; overflow-wrap: anywhere; }
aside li small { display: block; color: var(--muted); font-size: 12px; }
aside code { font: 12.5px ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
aside .links button { margin: 0 5px 5px 0; padding: 2px 7px; border: 1px solid currentColor; border-radius: 6px; background: none; font: 12.5px ui-monospace, monospace; cursor: pointer; }
.links.upstream button { color: var(--upstream); }
.links.downstream button { color: var(--downstream); }
.status-cached-text { color: var(--cached); font-weight: 600; }
.status-to_run-text { color: var(--to-run); font-weight: 600; }
.status-unknown-text { color: var(--unknown); font-weight: 600; }
kbd { font: 12px ui-monospace, monospace; }
@media (max-width: 760px) {
  main { flex-direction: column; }
  aside { width: auto; max-height: 42%; border-left: 0; border-top: 1px solid var(--line); }
  .search, .search input { flex: 1; width: 100%; }
}`;

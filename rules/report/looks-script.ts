import { levelCharacters } from './similarity-matrix.ts';

/**
 * The map of frames and the similarity matrix, as a part of the report's script: it uses what that has, and gives it
 * `showOnMap`.
 */
export const looksScript = `
  const map = find('map'), matrix = find('matrix');
  const points = data.map ?? [], pointTimes = points.map((point) => point[2]);

  function showOnMap(sec) {
    if (!map) return;
    const [x, y, at] = points[nearest(pointTimes, sec)];
    find('here').setAttribute('cx', x);
    find('here').setAttribute('cy', y);
    map.setAttribute('aria-valuenow', at);
    map.setAttribute('aria-valuetext', clock(at, 1));
  }

  /** Shows the picture of a point beside it, on the side that has room. */
  function peek([x, y, at]) {
    moveTo(at);
    const image = find('peek');
    if (pictures.times.length === 0) return;
    image.src = sourceOf(nearest(pictures.times, at));
    image.style.left = x / 10 + '%';
    image.style.top = y / 7 + '%';
    image.style.transform = 'translate(' + (x > 500 ? 'calc(-100% - 14px)' : '14px') + ',' + (y > 350 ? '-100%' : '0') + ')';
    image.hidden = false;
  }

  function pointUnder(event) {
    const box = map.getBoundingClientRect();
    const x = (1000 * (event.clientX - box.left)) / box.width, y = (700 * (event.clientY - box.top)) / box.height;
    const distance = (point) => (point[0] - x) ** 2 + (point[1] - y) ** 2;
    return points.reduce((best, point) => (distance(point) < distance(best) ? point : best));
  }

  function wireMap() {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, Home: -Infinity, End: Infinity };
    map.addEventListener('pointerdown', (event) => peek(pointUnder(event)));
    map.addEventListener('pointermove', (event) => { if (event.pointerType === 'mouse') peek(pointUnder(event)); });
    for (const end of ['pointerleave', 'blur']) map.addEventListener(end, () => { find('peek').hidden = true; });
    map.addEventListener('keydown', (event) => {
      if (!(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const next = nearest(pointTimes, now) + steps[event.key];
      peek(points[Math.min(points.length - 1, Math.max(0, next))]);
    });
  }

  function columnAt(sec) {
    const { edgesSec } = data.matrix;
    return Math.min(edgesSec.length - 2, Math.max(0, lastUpTo(edgesSec, sec)));
  }

  function levelAt(column, row) {
    const [low, high] = column < row ? [column, row] : [row, column];
    return '${levelCharacters}'.indexOf(data.matrix.cells[(high * (high + 1)) / 2 + low]);
  }

  function drawMatrix() {
    const canvas = matrix.querySelector('canvas'), context = canvas.getContext('2d'), size = canvas.width;
    const image = context.createImageData(size, size);
    const colours = data.ramp.map((text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16)));
    const columns = Array.from({ length: size }, (_, pixel) => columnAt(((pixel + 0.5) * durationSec) / size));
    columns.forEach((row, y) => columns.forEach((column, x) => {
      image.data.set([...colours[levelAt(column, row)], 255], 4 * (y * size + x));
    }));
    context.putImageData(image, 0, 0);
  }

  let across = 0, down = 0;

  function showPair(xSec, ySec) {
    [across, down] = [xSec, ySec].map((sec) => Math.min(durationSec, Math.max(0, sec)));
    const [x, y] = [across, down].map((sec) => (1000 * sec) / durationSec);
    find('cross').setAttribute('d', 'M' + x + ' 0V1000M0 ' + y + 'H1000');
    const { low } = data.matrix;
    const cosine = low + (levelAt(columnAt(across), columnAt(down)) / 63) * (1 - low);
    find('pair').textContent = clock(across, 1) + ' and ' + clock(down, 1) + ': cosine ' + cosine.toFixed(2).replace('-', '−');
    if (pictures.times.length > 0) all('.pair img').forEach((image, at) => {
      image.src = sourceOf(nearest(pictures.times, [across, down][at]));
      image.hidden = false;
    });
    moveTo(across);
  }

  function wireMatrix() {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const show = (event) => {
      const box = matrix.getBoundingClientRect();
      showPair(((event.clientX - box.left) / box.width) * durationSec, ((event.clientY - box.top) / box.height) * durationSec);
    };
    matrix.addEventListener('pointerdown', show);
    matrix.addEventListener('pointermove', (event) => { if (event.pointerType === 'mouse') show(event); });
    matrix.addEventListener('keydown', (event) => {
      if (!(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const [right, below] = steps[event.key], step = durationSec / Math.min(100, data.matrix.edgesSec.length - 1);
      showPair(across + right * step, down + below * step);
    });
    drawMatrix();
  }
`;

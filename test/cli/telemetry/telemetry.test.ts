import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { telemetrySettings } from '../../../engine/cli/telemetry/telemetry-settings.ts';
import { Rig } from '../../rig.ts';
import { attribute, type CollectedSpan, Collector } from './collector.ts';

const rule = (
  name: string,
  source: string,
  body: string,
): string => `import { defineRule, file, input, json } from 'flow';
import { z } from 'zod';
export const rule = defineRule({
  name: '${name}', version: '1', scope: 'whole', params: z.strictObject({}),
  inputs: { source: input(${source}) }, outputs: { out: json(z.unknown()) },
  async run() { ${body} },
});
`;

/** Two components, of which the second reads from the first and fails. */
const workspace = {
  'a.txt': '',
  'graphs/own.yaml': `schema_version: 1
components:
  first: { rule: first, inputs: { source: "file:a.txt" } }
  second: { rule: second, inputs: { source: first.out }, required: false }
`,
  'rules/first.ts': rule('first', 'file()', 'return { out: [] };'),
  'rules/second.ts': rule('second', 'json(z.unknown())', `throw new Error('no');`),
};

const secret = 'token-7c1f';

test('a build is sent as a tree of build, runs, components and actions, each action linked to what it read', async () => {
  using rig = new Rig(workspace);
  await using collector = await Collector.start();
  const trace = { id: '0af7651916cd43dd8448eb211c80319c', parent: 'b7ad6b7169203331' };
  const run = await rig.build(['//second'], {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=${secret}`,
    OTEL_SERVICE_NAME: 'films',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.name=other',
    TRACEPARENT: `00-${trace.id}-${trace.parent}-01`,
  });
  assert.doesNotMatch(run.stderr, /telemetry/);
  const { spans, resource, headers } = collector;
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const path = (span: CollectedSpan | undefined): string[] =>
    span ? [...path(byId.get(span.parentSpanId ?? '')), labelOf(span)] : [];
  assert.deepEqual(spans.map((span) => path(span).join(' / ')).sort(), [
    'build',
    'build / run',
    'build / run / first',
    'build / run / first / action of first',
    'build / run / second',
    'build / run / second / action of second',
  ]);
  const find = (label: string): CollectedSpan => spans.find((span) => labelOf(span) === label)!;
  assert.equal(find('build').parentSpanId, trace.parent);
  for (const span of spans) {
    assert.equal(span.traceId, trace.id);
    assert.ok(BigInt(span.startTimeUnixNano) <= BigInt(span.endTimeUnixNano), labelOf(span));
  }
  const [action, cause] = [find('action of second'), find('action of first')];
  assert.deepEqual(
    action.links!.map(({ spanId }) => spanId),
    [cause.spanId],
  );
  assert.deepEqual([action.status.code, attribute(action, 'error.type')], [2, 'rule_failed']);
  assert.match(action.status.message!, /^Cannot finish the rule: no/);
  assert.match(attribute(cause, 'flow.key') as string, /^b3:/);
  assert.deepEqual(
    [attribute(find('first'), 'flow.cache'), attribute(find('first'), 'flow.status')],
    ['none', 'success'],
  );
  assert.deepEqual([find('second').status.code, attribute(find('second'), 'error.type')], [2, 'rule_failed']);
  assert.deepEqual(
    ['service.name', 'deployment.environment.name'].map((name) => resource.get(name)),
    ['films', 'test'],
  );
  assert.equal(headers.authorization, secret);
  assert.ok(!`${run.stdout}${run.stderr}${JSON.stringify(spans)}`.includes(secret));
});

function labelOf(span: CollectedSpan): string {
  return span.name === 'action' ? `action of ${attribute(span, 'flow.component')}` : span.name;
}

test('a component from the cache has a span that says so, and no action', async () => {
  using rig = new Rig(workspace);
  await using collector = await Collector.start();
  await rig.build(['//first']);
  await rig.build(['//first'], { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces` });
  assert.deepEqual(collector.spans.map(labelOf).sort(), ['build', 'first', 'run']);
  assert.equal(attribute(collector.spans.find(({ name }) => name === 'first')!, 'flow.cache'), 'local');
});

/** A build whose spans cannot be sent succeeds, with one warning. */
async function checkUnsent(url: string, says: RegExp): Promise<void> {
  using rig = new Rig(workspace);
  const { status, stderr } = await rig.build(['//first'], {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=${secret}`,
  });
  assert.equal(status, 0);
  const warnings = stderr.split('\n').filter((line) => line.startsWith('warning: '));
  assert.equal(warnings.length, 1, stderr);
  assert.match(warnings[0]!, says);
  assert.ok(!stderr.includes(secret));
}

test('a collector that is down, refuses or never answers costs a warning, never the build', async () => {
  await using refusing = await Collector.start(403);
  await using silent = await Collector.start('nothing');
  await Promise.all([
    checkUnsent(
      `http://user:${secret}@127.0.0.1:1`,
      /Cannot send telemetry to 127\.0\.0\.1:1: ECONNREFUSED\.$/,
    ),
    checkUnsent(refusing.url, /Cannot send telemetry to 127\.0\.0\.1:\d+: it answers with status 403\.$/),
    checkUnsent(silent.url, /Cannot send telemetry to 127\.0\.0\.1:\d+: .+\.$/),
    checkUnsent('localhost:4318', /Cannot send telemetry: the endpoint is no http/),
  ]);
});

test('without an endpoint nothing of OpenTelemetry is loaded', async () => {
  using rig = new Rig(workspace);
  rig.write(
    'refuse.mjs',
    `import { registerHooks } from 'node:module';
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('@opentelemetry')) throw new Error('loaded ' + specifier);
    return next(specifier, context);
  },
});
`,
  );
  const NODE_OPTIONS = `--import=${pathToFileURL(rig.path('refuse.mjs'))}`;
  const off = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' };
  for (const env of [{ NODE_OPTIONS }, { NODE_OPTIONS, ...off }])
    assert.equal((await rig.build(['//first'], env)).status, 0);
});

test('the variables of OpenTelemetry decide whether spans are sent', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://user:pass@films.example:4318' };
  assert.deepEqual(telemetrySettings(endpoint), { collector: 'films.example:4318', parent: undefined });
  for (const env of [
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
    { ...endpoint, OTEL_SDK_DISABLED: 'TRUE' },
    { ...endpoint, OTEL_TRACES_EXPORTER: 'none' },
    { ...endpoint, OTEL_TRACES_EXPORTER: 'console' },
  ])
    assert.equal(telemetrySettings(env), undefined);
  assert.match(telemetrySettings({ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }) as string, /gRPC/);
  const wrongParent = { ...endpoint, TRACEPARENT: '00-zz-1-01' };
  assert.deepEqual(telemetrySettings(wrongParent), telemetrySettings(endpoint));
});

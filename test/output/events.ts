/** One event of each kind, for the renderers; a new kind breaks the build here. */
import type { Event, Fact, Status } from '../../src/supervisor/events.ts'
import { failure } from '../../src/tunnel/failure.ts'

const ready: Status = { state: 'ready', phase: 'ready', attempt: 0, pod: 'api-1', image: 'shop/api:1.4.2', listeners: ['127.0.0.1:8080', '[::1]:8080'] }
const away = failure('KPF_CLUSTER_UNREACHABLE', 'connection refused by 10.0.0.1:6443')
const problem = { file: 'forwards.yaml', line: 14, column: 5, code: 'KPF_FIELD_UNKNOWN', message: 'there is no field "prots"', fix: 'did you mean "ports"?' }

/** Those that say more in one form than in another. */
export const facts: { readonly [Type in Fact['type']]: readonly Extract<Fact, { type: Type }>[] } = {
  'forward-state-changed': [
    { type: 'forward-state-changed', forward: 'api', from: null, to: 'starting', status: { state: 'starting', phase: 'resolving', attempt: 0, listeners: [] } },
    { type: 'forward-state-changed', forward: 'api', from: 'starting', to: 'ready', status: ready },
    { type: 'forward-state-changed', forward: 'api', from: 'ready', to: 'ready', status: { ...ready, phase: 'switching' } },
    {
      type: 'forward-state-changed',
      forward: 'api',
      from: 'ready',
      to: 'waiting',
      status: { state: 'waiting', phase: 'cluster-down', reason: away.code, message: away.message, attempt: 3, nextRetryAtMs: 1_500, listeners: [] },
    },
    {
      type: 'forward-state-changed',
      forward: 'api',
      from: 'waiting',
      to: 'failed',
      status: {
        state: 'failed',
        phase: 'forbidden',
        reason: 'KPF_FORBIDDEN',
        message: 'may not create pods/portforward',
        hint: 'ask for the role',
        attempt: 0,
        listeners: [],
      },
    },
    {
      type: 'forward-state-changed',
      forward: 'api',
      from: 'ready',
      to: 'stopping',
      status: { state: 'stopping', phase: 'draining', message: '2 open', attempt: 0, listeners: [] },
    },
    {
      type: 'forward-state-changed',
      forward: 'api',
      from: 'stopping',
      to: 'stopped',
      status: { state: 'stopped', phase: 'stopped', attempt: 0, listeners: [] },
    },
    {
      type: 'forward-state-changed',
      forward: 'web',
      from: 'ready',
      to: 'stopped',
      status: { state: 'stopped', phase: 'stopped', message: 'renamed to "shop"', attempt: 0, listeners: [] },
    },
  ],
  'forward-moved': [
    {
      type: 'forward-moved',
      forward: 'api',
      from: { pod: 'api-1', image: 'shop/api:1.4.2' },
      to: { pod: 'api-2', image: 'shop/api:1.5.0' },
      why: 'ending',
      draining: 2,
    },
    { type: 'forward-moved', forward: 'api', from: { pod: 'api-1' }, to: { pod: 'api-2' }, why: 'unready', draining: 1 },
    { type: 'forward-moved', forward: 'api', from: { pod: 'api-1' }, to: { pod: 'api-2' }, why: 'lost', draining: 0 },
    { type: 'forward-moved', forward: 'api', from: { pod: 'blue' }, to: { pod: 'green' }, why: 'gone', draining: 0 },
    {
      type: 'forward-moved',
      forward: 'db',
      from: { pod: 'db-0' },
      to: { pod: 'db-0' },
      why: 'elsewhere',
      places: { from: { context: 'dev', namespace: 'shop' }, to: { context: 'prod', namespace: 'shop' } },
      draining: 1,
    },
    {
      type: 'forward-moved',
      forward: 'db',
      from: { pod: 'db-0' },
      to: { pod: 'db-0' },
      why: 'elsewhere',
      places: { from: { context: 'dev', namespace: 'shop' }, to: { context: 'dev', namespace: 'shop' } },
      draining: 0,
    },
  ],
  'config-applied': [
    { type: 'config-applied', file: 'forwards.yaml', generation: 1, plan: [{ kind: 'start', forward: 'api', cause: 'added' }], untouched: 0 },
    {
      type: 'config-applied',
      file: 'forwards.yaml',
      generation: 2,
      plan: [
        { kind: 'start', forward: 'cache', cause: 'added' },
        { kind: 'rename', forward: 'shop', from: 'web', cause: 'was "web"' },
        { kind: 'rebind', forward: 'api', cause: 'port 8080 -> 8081' },
        { kind: 'stop', forward: 'legacy', cause: 'removed' },
      ],
      untouched: 9,
    },
    { type: 'config-applied', file: 'forwards.yaml', generation: 3, plan: [], untouched: 11 },
    { type: 'config-applied', file: '', generation: 4, plan: [{ kind: 'stop', forward: 'api', cause: 'removed' }], untouched: 10 },
  ],
  'config-rejected': [
    {
      type: 'config-rejected',
      file: 'forwards.yaml',
      problems: [{ ...problem, sourceLine: '    prots: ["8080:80"]' }],
      runningSince: '2026-01-01T10:41:07.000Z',
    },
    { type: 'config-rejected', file: 'forwards.yaml', problems: [problem], runningSince: null },
  ],
  warning: [
    { type: 'warning', forward: 'api', code: 'KPF_CONNECTION_LIMIT', message: 'more than 512 connections of this forward at once: new ones are reset' },
    { type: 'warning', code: 'KPF_WATCH', message: 'no watcher is left', hint: 'raise fs.inotify.max_user_watches' },
  ],
  'connection-accepted': [{ type: 'connection-accepted', forward: 'api', localPort: 8080 }],
  stopping: [
    { type: 'stopping', busy: 0, deadlineMs: 2_000 },
    { type: 'stopping', busy: 1, deadlineMs: 10_000 },
  ],
  stopped: [
    { type: 'stopped', forwards: 3, served: 1_204, failed: 0, reset: 1, uptimeMs: 2_530_000 },
    { type: 'stopped', forwards: 1, served: 1, failed: 2, reset: 0, uptimeMs: 12_345.6 },
  ],
}

export const events: readonly Event[] = Object.values<readonly Fact[]>(facts)
  .flat()
  .map((fact, index) => ({ ...fact, seq: index + 1, time: `2026-01-01T00:00:${`${index}`.padStart(2, '0')}.000Z` }))

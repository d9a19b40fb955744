import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { eventLine } from '../../src/output/jsonl.ts'
import { isoTime } from '../../src/supervisor/iso-time.ts'
import { events } from './events.ts'

const wallAt = (clockMs: number): string => isoTime(Date.UTC(2026, 0, 1) + clockMs)
const lines = events.map((event) => eventLine(event, wallAt))

test('every event as a line', () => {
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "{"v":1,"seq":1,"time":"2026-01-01T00:00:00.000Z","type":"forward-state-changed","forward":"api","from":null,"to":"starting","phase":"resolving","reason":null,"attempt":0,"nextRetryAt":null,"pod":null,"listeners":[]}
    {"v":1,"seq":2,"time":"2026-01-01T00:00:01.000Z","type":"forward-state-changed","forward":"api","from":"starting","to":"ready","phase":"ready","reason":null,"attempt":0,"nextRetryAt":null,"pod":"api-1","listeners":["127.0.0.1:8080","[::1]:8080"]}
    {"v":1,"seq":3,"time":"2026-01-01T00:00:02.000Z","type":"forward-state-changed","forward":"api","from":"ready","to":"ready","phase":"switching","reason":null,"attempt":0,"nextRetryAt":null,"pod":"api-1","listeners":["127.0.0.1:8080","[::1]:8080"]}
    {"v":1,"seq":4,"time":"2026-01-01T00:00:03.000Z","type":"forward-state-changed","forward":"api","from":"ready","to":"waiting","phase":"cluster-down","reason":"KPF_CLUSTER_UNREACHABLE","message":"connection refused by 10.0.0.1:6443","attempt":3,"nextRetryAt":"2026-01-01T00:00:01.500Z","pod":null,"listeners":[]}
    {"v":1,"seq":5,"time":"2026-01-01T00:00:04.000Z","type":"forward-state-changed","forward":"api","from":"waiting","to":"failed","phase":"forbidden","reason":"KPF_FORBIDDEN","message":"may not create pods/portforward","hint":"ask for the role","attempt":0,"nextRetryAt":null,"pod":null,"listeners":[]}
    {"v":1,"seq":6,"time":"2026-01-01T00:00:05.000Z","type":"forward-state-changed","forward":"api","from":"ready","to":"stopping","phase":"draining","reason":null,"message":"2 open","attempt":0,"nextRetryAt":null,"pod":null,"listeners":[]}
    {"v":1,"seq":7,"time":"2026-01-01T00:00:06.000Z","type":"forward-state-changed","forward":"api","from":"stopping","to":"stopped","phase":"stopped","reason":null,"attempt":0,"nextRetryAt":null,"pod":null,"listeners":[]}
    {"v":1,"seq":8,"time":"2026-01-01T00:00:07.000Z","type":"forward-state-changed","forward":"web","from":"ready","to":"stopped","phase":"stopped","reason":null,"message":"renamed to \\"shop\\"","attempt":0,"nextRetryAt":null,"pod":null,"listeners":[]}
    {"v":1,"seq":9,"time":"2026-01-01T00:00:08.000Z","type":"forward-moved","forward":"api","fromPod":"api-1","toPod":"api-2","draining":2}
    {"v":1,"seq":10,"time":"2026-01-01T00:00:09.000Z","type":"forward-moved","forward":"api","fromPod":"api-1","toPod":"api-2","draining":1}
    {"v":1,"seq":11,"time":"2026-01-01T00:00:10.000Z","type":"forward-moved","forward":"api","fromPod":"api-1","toPod":"api-2","draining":0}
    {"v":1,"seq":12,"time":"2026-01-01T00:00:11.000Z","type":"forward-moved","forward":"api","fromPod":"blue","toPod":"green","draining":0}
    {"v":1,"seq":13,"time":"2026-01-01T00:00:12.000Z","type":"forward-moved","forward":"db","fromPod":"db-0","toPod":"db-0","draining":1}
    {"v":1,"seq":14,"time":"2026-01-01T00:00:13.000Z","type":"forward-moved","forward":"db","fromPod":"db-0","toPod":"db-0","draining":0}
    {"v":1,"seq":15,"time":"2026-01-01T00:00:14.000Z","type":"config-applied","file":"forwards.yaml","generation":1,"plan":[{"kind":"start","forward":"api","cause":"added"}],"summary":"+ api; 0 untouched"}
    {"v":1,"seq":16,"time":"2026-01-01T00:00:15.000Z","type":"config-applied","file":"forwards.yaml","generation":2,"plan":[{"kind":"start","forward":"cache","cause":"added"},{"kind":"rename","forward":"shop","from":"web","cause":"was \\"web\\""},{"kind":"rebind","forward":"api","cause":"port 8080 -> 8081"},{"kind":"stop","forward":"legacy","cause":"removed"}],"summary":"+ cache  ~ shop (was \\"web\\")  ~ api (port 8080 -> 8081)  - legacy; 9 untouched"}
    {"v":1,"seq":17,"time":"2026-01-01T00:00:16.000Z","type":"config-applied","file":"forwards.yaml","generation":3,"plan":[],"summary":"nothing changed; 11 untouched"}
    {"v":1,"seq":18,"time":"2026-01-01T00:00:17.000Z","type":"config-applied","file":"","generation":4,"plan":[{"kind":"stop","forward":"api","cause":"removed"}],"summary":"- api; 10 untouched"}
    {"v":1,"seq":19,"time":"2026-01-01T00:00:18.000Z","type":"config-rejected","file":"forwards.yaml","problems":[{"file":"forwards.yaml","line":14,"column":5,"code":"KPF_FIELD_UNKNOWN","message":"there is no field \\"prots\\"","fix":"did you mean \\"ports\\"?"}]}
    {"v":1,"seq":20,"time":"2026-01-01T00:00:19.000Z","type":"config-rejected","file":"forwards.yaml","problems":[{"file":"forwards.yaml","line":14,"column":5,"code":"KPF_FIELD_UNKNOWN","message":"there is no field \\"prots\\"","fix":"did you mean \\"ports\\"?"}]}
    {"v":1,"seq":21,"time":"2026-01-01T00:00:20.000Z","type":"warning","forward":"api","code":"KPF_CONNECTION_LIMIT","message":"more than 512 connections of this forward at once: new ones are reset"}
    {"v":1,"seq":22,"time":"2026-01-01T00:00:21.000Z","type":"warning","code":"KPF_WATCH","message":"no watcher is left","hint":"raise fs.inotify.max_user_watches"}
    {"v":1,"seq":23,"time":"2026-01-01T00:00:22.000Z","type":"connection-accepted","forward":"api","localPort":8080}
    {"v":1,"seq":24,"time":"2026-01-01T00:00:23.000Z","type":"stopping","busy":0,"deadlineMs":2000}
    {"v":1,"seq":25,"time":"2026-01-01T00:00:24.000Z","type":"stopping","busy":1,"deadlineMs":10000}
    {"v":1,"seq":26,"time":"2026-01-01T00:00:25.000Z","type":"stopped","forwards":3,"served":1204,"failed":0,"reset":1,"uptimeMs":2530000}
    {"v":1,"seq":27,"time":"2026-01-01T00:00:26.000Z","type":"stopped","forwards":1,"served":1,"failed":2,"reset":0,"uptimeMs":12346}"
  `)
})

test('every line is what the schema says', () => {
  const schema: unknown = JSON.parse(readFileSync(fileURLToPath(new URL('../../schema/event.schema.json', import.meta.url)), 'utf8'))
  // `strictTypes` off: the common fields stand above the alternatives.
  const isEvent = new Ajv({ strict: false }).compile(Object(schema))
  const wrong = lines.filter((line) => !isEvent(JSON.parse(line)))
  expect(wrong).toEqual([])
})

/**
 * A pod of the API reduced to what choosing, dialling and explaining need. Pure.
 * Source: kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle.
 */
import { escapeForeign } from '../tunnel/escape.ts'
import type { PodFacts } from './picture.ts'
import { timeMs } from './time.ts'
import { type KubeObject, metadata, record, records as list } from './kube-object.ts'

/** Whether it has ended by itself, and will not run again (kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle, pod phase). */
export function isOver({ phase }: Pick<PodFacts, 'phase'>): boolean {
  return phase === 'Succeeded' || phase === 'Failed'
}

/** The facts of a pod. */
export function podFacts(pod: KubeObject): PodFacts {
  const meta = metadata(pod)
  const spec = record(pod['spec'])
  const status = record(pod['status'])
  const ready = list(status['conditions']).find((condition) => condition['type'] === 'Ready')
  const isReady = ready?.['status'] === 'True'
  const containers = list(spec['containers'])
  const statuses = list(status['containerStatuses'])
  const node = textOf(spec['nodeName'])
  const image = textOf(containers[0]?.['image'])
  const readySinceMs = isReady ? timeMs(ready?.['lastTransitionTime']) : undefined
  const trouble = isReady ? undefined : troubleOf(status, statuses)
  return {
    namespace: textOf(meta['namespace']) ?? 'default',
    name: textOf(meta['name']) ?? '',
    uid: textOf(meta['uid']) ?? '',
    createdMs: timeMs(meta['creationTimestamp']) ?? 0,
    phase: textOf(status['phase']) ?? 'Unknown',
    ready: isReady,
    terminating: meta['deletionTimestamp'] !== undefined && meta['deletionTimestamp'] !== null,
    restarts: Math.max(0, ...statuses.map((container) => Number(container['restartCount'] ?? 0))),
    ports: [...containers, ...list(spec['initContainers'])].flatMap((container) => portsOf(container)),
    ...(node !== undefined && { node }),
    ...(image !== undefined && { image: escapeForeign(image) }),
    ...(readySinceMs !== undefined && { readySinceMs }),
    ...(trouble !== undefined && { trouble }),
  }
}

function portsOf(container: Record<string, unknown>): PodFacts['ports'] {
  return list(container['ports']).map((port) => ({
    ...(typeof port['name'] === 'string' && { name: port['name'] }),
    container: textOf(container['name']) ?? '',
    port: Number(port['containerPort'] ?? 0),
    protocol: textOf(port['protocol']) ?? 'TCP',
  }))
}

/** The pod's own truth: why it is not usable. */
function troubleOf(status: Record<string, unknown>, statuses: readonly Record<string, unknown>[]): string | undefined {
  for (const container of statuses) {
    const waiting = record(record(container['state'])['waiting'])
    const terminated = record(record(container['state'])['terminated'])
    const last = record(record(container['lastState'])['terminated'])
    const restarts = Number(container['restartCount'] ?? 0)
    const reason = textOf(waiting['reason']) ?? textOf(terminated['reason'])
    if (reason === undefined || reason === 'ContainerCreating' || reason === 'PodInitializing') continue
    const exit = terminated['exitCode'] ?? last['exitCode']
    const parts = [escapeForeign(reason), ...(typeof exit === 'number' ? [`exit ${exit}`] : []), ...(restarts > 0 ? [`${restarts} restarts`] : [])]
    return parts.join(', ')
  }
  const scheduled = list(status['conditions']).find((condition) => condition['type'] === 'PodScheduled' && condition['status'] === 'False')
  if (scheduled) return `${textOf(scheduled['reason']) ?? 'Pending'}: ${escapeForeign(textOf(scheduled['message']) ?? '')}`
  const unready = list(status['conditions']).find((condition) => condition['type'] === 'ContainersReady' && condition['status'] === 'False')
  const message = textOf(unready?.['message'])
  return message === undefined ? undefined : escapeForeign(message)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

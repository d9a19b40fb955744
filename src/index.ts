/** What `import 'kpf'` gives: the types of a forwards file and of the events. */
export type { Forward, PortMapping, Project, Target } from './file/forward.ts'
export type { Problem } from './file/problems.ts'
export type { Event, Phase, State, Status } from './supervisor/events.ts'

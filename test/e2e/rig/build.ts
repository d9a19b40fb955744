/**
 * Gives the path of the test cluster's binary, and builds it when there is none yet
 * for the sources as they are.
 *
 * Binaries are kept by the hash of their sources, outside the checkout, so that
 * branches share them and CI can cache one folder.
 */
import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { access, glob, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const sourceDir = fileURLToPath(new URL('../../cluster/', import.meta.url))

/** Where all binaries are: what CI caches. */
export function cacheDir(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'kpf-test-cluster')
}

/** Changes exactly when a build might give another binary: CI's cache key. */
export async function sourceHash(): Promise<string> {
  const files: string[] = []
  for await (const file of glob(['**/*.go', 'go.mod', 'go.sum', 'build.sh'], { cwd: sourceDir })) {
    if (!file.endsWith('_test.go')) files.push(file)
  }
  const hash = createHash('sha256').update(process.arch)
  for (const file of files.toSorted()) {
    hash.update(`\n${file}\n`).update(await readFile(join(sourceDir, file)))
  }
  return hash.digest('hex').slice(0, 16)
}

/** The binary, built if need be: 4 to 10 minutes the first time, seconds after a change. */
export async function clusterBinary(): Promise<string> {
  const dir = join(cacheDir(), await sourceHash())
  const binary = join(dir, 'cluster')
  if (await exists(binary)) return binary
  await mkdir(dir, { recursive: true })
  process.stderr.write(`building the test cluster into ${dir}\n(all of Kubernetes: 4 to 10 minutes the first time, seconds after a change)\n`)
  // Renamed when whole: another run may build the same at the same time, or this one may be ended.
  const unfinished = join(dir, `cluster.${randomUUID()}`)
  const beganMs = performance.now()
  try {
    await build(unfinished)
    await rename(unfinished, binary)
  } finally {
    await rm(unfinished, { force: true })
  }
  process.stderr.write(`built the test cluster in ${Math.round((performance.now() - beganMs) / 1000)} s\n`)
  return binary
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** A missing tool chain is a failure, never a skip: a run without a cluster has tested nothing. */
async function build(target: string): Promise<void> {
  if (process.platform !== 'linux') throw new Error(`the test cluster needs Linux: it makes network namespaces, and this is ${process.platform}`)
  await runLoudly('go', ['version']).catch((cause: unknown) => {
    throw new Error('the test cluster is built with Go 1.26 or later, and "go" cannot be run\n    install it from https://go.dev/dl/', { cause })
  })
  await runLoudly(join(sourceDir, 'build.sh'), [target])
}

/** Output goes to stderr: stdout belongs to whoever runs the tests. */
async function runLoudly(file: string, args: readonly string[]): Promise<void> {
  const child = spawn(file, args, { stdio: ['ignore', 2, 2] })
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode) => resolve(exitCode ?? -1))
  })
  if (code !== 0) throw new Error(`${file} ended with ${code}`)
}

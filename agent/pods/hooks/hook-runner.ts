import type { HTTPGetAction, LifecycleHandler, Pod } from '../../../shared/api/generated/core-v1.ts'
import { type Clock, sleep } from '../../../shared/clock.ts'
import { messageOf } from '../../../shared/error-message.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { HandlerTarget } from '../handlers/handler-target.ts'
import { httpGet, httpUrl, isAnsweredInHttp } from '../handlers/http-get.ts'

export interface HookRunnerOptions {
  runtime: Pick<Runtime, 'exec' | 'isExecuting'>
  clock: Clock
}

/** How often to see whether a command has ended that an earlier agent began. */
const POLL_MS = 1_000
const USER_AGENT = 'kube-lifecycle/1.36'
/** A hook has no time limit of its own; this is the longest that a timer can be set for. */
const NO_LIMIT_MS = 2 ** 31 - 1

/** Runs postStart and preStop hooks. */
export class HookRunner {
  readonly #options: HookRunnerOptions

  constructor(options: HookRunnerOptions) {
    this.#options = options
  }

  /**
   * Resolves when the hook has returned. Rejects where it failed, in the kubelet's words, or when `signal` aborts: but a
   * command goes on, and is waited for.
   * `tell` is told where it came to something else than the hook says.
   */
  async run(
    hook: LifecycleHandler,
    pod: Pod,
    target: HandlerTarget,
    signal: AbortSignal,
    tell: (reason: 'LifecycleHTTPFallback', message: string) => void,
  ): Promise<void> {
    if (hook.exec) return this.#exec(hook.exec.command ?? [], pod, target)
    if (hook.httpGet) return this.#httpGet(hook.httpGet, pod, target, signal, tell)
    if (hook.sleep) return sleep(this.#options.clock, hook.sleep.seconds * 1000, signal)
    // tcpSocket is in the API for compatibility only: Kubernetes documents that it fails when the hook is run.
    throw new Error('Cannot run handler: invalid handler')
  }

  /**
   * Resolves when a hook has returned that an earlier agent began at `begunAtMs` of the wall clock. What became of a
   * request nobody can tell any more: it counts as answered. Rejects only when `signal` aborts.
   */
  async awaitBegun(
    hook: LifecycleHandler,
    { containerId }: HandlerTarget,
    begunAtMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, runtime } = this.#options
    const { exec, sleep: pause } = hook
    if (pause) {
      const restMs = begunAtMs + pause.seconds * 1000 - clock.now()
      await sleep(clock, Math.min(Math.max(restMs, 0), pause.seconds * 1000), signal)
    }
    while (exec && (await runtime.isExecuting(containerId, exec.command ?? []).catch(() => true))) {
      await sleep(clock, POLL_MS, signal)
    }
  }

  async #exec(command: string[], pod: Pod, target: HandlerTarget): Promise<void> {
    const say = (why: string, output: string) =>
      new Error(
        `Exec lifecycle hook ([${command.join(' ')}]) for ${subject(pod, target)} failed - error: ${why}, message: ${JSON.stringify(output)}`,
      )
    const result = await this.#options.runtime.exec(target.containerId, command, NO_LIMIT_MS).catch((error) => {
      throw say(messageOf(error), '')
    })
    const { exitCode, output } = result
    if (exitCode !== 0) throw say(`command '${command.join(' ')}' exited with ${exitCode}: ${output}`, output)
  }

  /** Any answer is a success. Without a port it is 80. A server that has no TLS is asked without, but told no password. */
  async #httpGet(
    action: HTTPGetAction,
    pod: Pod,
    target: HandlerTarget,
    signal: AbortSignal,
    tell: (reason: 'LifecycleHTTPFallback', message: string) => void,
  ): Promise<void> {
    const { httpHeaders = [] } = action
    try {
      const url = httpUrl({ ...action, port: action.port === '' ? 80 : action.port }, target)
      await httpGet(url, httpHeaders, USER_AGENT, signal).catch(async (error) => {
        if (!isAnsweredInHttp(error)) throw error
        const others = httpHeaders.filter(({ name }) => name.toLowerCase() !== 'authorization')
        await httpGet(url.replace('https:', 'http:'), others, USER_AGENT, signal)
        const asked = `request to HTTPS lifecycle hook ${new URL(url).host} got HTTP response`
        tell('LifecycleHTTPFallback', `${asked}, retry with HTTP succeeded`)
      })
    } catch (error) {
      const why = messageOf(error)
      throw new Error(`HTTP lifecycle hook (${action.path}) for ${subject(pod, target)} failed - error: ${why}`)
    }
  }
}

function subject({ metadata }: Pod, { container }: HandlerTarget): string {
  const podName = `${metadata.name}_${metadata.namespace}(${metadata.uid})`
  return `Container ${JSON.stringify(container.name)} in Pod ${JSON.stringify(podName)}`
}

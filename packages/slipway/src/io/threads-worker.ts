// A thread that threads.ts starts: one task a message.
import { parentPort } from 'node:worker_threads'
import { letGo } from '@slipway/formats/bytes'
import { perform, type Done, type Task } from './threads-task.ts'

export interface Message {
  readonly id: number
  readonly task: Task
}
export interface Answer {
  readonly id: number
  readonly done?: Done
  /** Why it failed, as Node says it. */
  readonly failure?: { readonly message: string; readonly code: string; readonly syscall: string }
}

const answerOf = ({ id, task }: Message): Answer => {
  try {
    return { id, done: perform(task) }
  } catch (error) {
    const { message, code = '', syscall = '' } = error as NodeJS.ErrnoException
    return { id, failure: { message, code, syscall } }
  }
}

parentPort?.on('message', (message: Message) => {
  const answer = answerOf(message)
  // Else a good many of them wait for a garbage collector that sees little of this thread's memory.
  if (message.task.kind === 'bytes' || message.task.kind === 'lzfse') letGo(message.task.bytes)
  parentPort?.postMessage(answer, answer.done?.bytes === undefined ? [] : [answer.done.bytes.buffer])
})

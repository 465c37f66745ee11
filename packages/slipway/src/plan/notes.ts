// What is no fault of a plan, and whoever reads it should know: said by the packagers, of the packages that are planned.
import type { PlannedApp } from '@slipway/core'
import type { Project } from '../config/project.ts'
import { units } from './kinds.ts'

export interface PlanNote {
  readonly file: string
  readonly text: string
}

export const planNotes = (project: Project, { app: key, artifacts }: PlannedApp): readonly PlanNote[] => {
  const settings = project.apps.find(one => one.app.key === key)
  if (settings === undefined) return []
  return artifacts.flatMap(({ file, kind, target }) => {
    const options = settings.packages.find(one => one.id === kind)?.options ?? {}
    const { app, targets } = settings
    return (units.packagers(kind).tells?.({ app, target, targets }, options as never) ?? []).map(text => ({ file, text }))
  })
}

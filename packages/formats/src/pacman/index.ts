// pacman (Arch): everything that others use of it.
export { pacmanInstall, pacmanScriptKinds, type PacmanScriptKind, pacmanScriptKindsOf, type PacmanScripts } from './install.ts'
export { isPacmanName, isPacmanProvision, isPacmanRelation, pacmanBuildinfo, type PacmanFields, pacmanPkginfo } from './package.ts'
export { type Pacman, type PacmanReading, readPacman } from './read.ts'
export { comparePacman, isPacmanVersion, pacmanVersion, type PacmanVersioned } from './version.ts'
export { type PacmanCompression, type PacmanDigests, type PacmanEntry, type PacmanPackage, writePacman } from './write.ts'

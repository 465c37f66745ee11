// The languages of an installer: what makensis has translated, and our own sentences, in English where nobody translated them.
import { quoted } from './text.ts'

/** Language tag -> file of makensis. */
const files = {
  en: 'English',
  ar: 'Arabic',
  bg: 'Bulgarian',
  ca: 'Catalan',
  cs: 'Czech',
  da: 'Danish',
  de: 'German',
  el: 'Greek',
  es: 'Spanish',
  et: 'Estonian',
  fa: 'Farsi',
  fi: 'Finnish',
  fr: 'French',
  he: 'Hebrew',
  hr: 'Croatian',
  hu: 'Hungarian',
  id: 'Indonesian',
  it: 'Italian',
  ja: 'Japanese',
  ko: 'Korean',
  lt: 'Lithuanian',
  lv: 'Latvian',
  nb: 'Norwegian',
  nl: 'Dutch',
  pl: 'Polish',
  pt: 'Portuguese',
  'pt-BR': 'PortugueseBR',
  ro: 'Romanian',
  ru: 'Russian',
  sk: 'Slovak',
  sl: 'Slovenian',
  sr: 'Serbian',
  sv: 'Swedish',
  th: 'Thai',
  tr: 'Turkish',
  uk: 'Ukrainian',
  vi: 'Vietnamese',
  'zh-CN': 'SimpChinese',
  'zh-TW': 'TradChinese',
} as const
export type Language = keyof typeof files
export const languages = Object.keys(files) as [Language, ...Language[]]

/** {name} is the app's. */
interface Sentences {
  readonly running: string
  readonly stillRunning: string
  readonly notRemoved: string
}
const english: Sentences = {
  running: '{name} is running. Click OK to close it and go on.',
  stillRunning: '{name} is still running. Close it, then try again.',
  notRemoved: 'The version that is installed could not be removed. Nothing was changed.',
}
const translated: Readonly<Partial<Record<Language, Sentences>>> = {
  de: {
    running: '{name} läuft gerade. Mit OK wird es geschlossen und es geht weiter.',
    stillRunning: '{name} läuft noch. Schließen Sie es und versuchen Sie es dann noch einmal.',
    notRemoved: 'Die installierte Version konnte nicht entfernt werden. Es wurde nichts geändert.',
  },
  es: {
    running: '{name} se está ejecutando. Pulse Aceptar para cerrarlo y continuar.',
    stillRunning: '{name} sigue en ejecución. Ciérrelo e inténtelo de nuevo.',
    notRemoved: 'No se pudo quitar la versión instalada. No se ha cambiado nada.',
  },
  fr: {
    running: '{name} est en cours d’exécution. Cliquez sur OK pour le fermer et continuer.',
    stillRunning: '{name} est encore en cours d’exécution. Fermez-le, puis réessayez.',
    notRemoved: 'La version installée n’a pas pu être supprimée. Rien n’a été modifié.',
  },
  it: {
    running: '{name} è in esecuzione. Fare clic su OK per chiuderlo e continuare.',
    stillRunning: '{name} è ancora in esecuzione. Chiuderlo, poi riprovare.',
    notRemoved: 'Non è stato possibile rimuovere la versione installata. Nulla è stato modificato.',
  },
}

/** The lines that take the languages in, then our sentences in each. The first is what others fall back to. */
export const languageLines = (chosen: readonly Language[], name: string): readonly string[] => [
  ...chosen.map(one => `!insertmacro MUI_LANGUAGE "${files[one]}"`),
  ...chosen.flatMap(one =>
    Object.entries(translated[one] ?? english).map(
      ([key, text]) => `LangString ${key} $${`{LANG_${files[one].toUpperCase()}}`} ${quoted(String(text).replaceAll('{name}', name))}`,
    ),
  ),
]

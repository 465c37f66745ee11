export type Hex = string

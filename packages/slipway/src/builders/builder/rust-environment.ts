// What of the user's own environment a Rust toolchain is given (the Cargo Book, environment variables).
import type { Io } from '../../io/io.ts'

/** PATH, the homes of cargo and rustup, proxies and how cargo reaches its registry; tokens are not passed on. */
export const rustEnvironment = ({ secrets: { matching } }: Io): Readonly<Record<string, string>> => ({
  ...matching(/^(PATH|HOME|USERPROFILE|CARGO_HOME|RUSTUP_HOME|RUSTUP_TOOLCHAIN|CARGO_NET_(OFFLINE|RETRY|GIT_FETCH_WITH_CLI))$/),
  ...matching(/^((https?|no|all)_proxy|SSL_CERT_(FILE|DIR)|CARGO_HTTP_(PROXY|CAINFO|TIMEOUT))$/i),
})

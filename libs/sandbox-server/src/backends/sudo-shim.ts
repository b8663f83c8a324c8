/**
 * `sudo` of a guest, which scripts written for E2B's images call: it reads sudo's options and runs
 * the command as the same user, who has no more rights than before.
 */
export const SUDO_SHIM = `#!/bin/sh
shell= done=
while [ $# -gt 0 ]; do
  case $1 in
    --) shift; break ;;
    --chdir=*) cd "\${1#*=}" || exit 1; shift ;;
    --*=*) shift ;;
    --chdir) cd "$2" || exit 1; shift; shift ;;
    --close-from | --group | --host | --prompt | --chroot | --role | --command-timeout | --type | --other-user | --user)
      shift; [ $# -eq 0 ] || shift ;;
    --login) shell=yes; cd; shift ;;
    --shell) shell=yes; shift ;;
    --list | --remove-timestamp | --reset-timestamp | --validate | --version) done=yes; shift ;;
    --*) shift ;;
    -?*)
      letters=\${1#-}; shift
      while [ -n "$letters" ]; do
        rest=\${letters#?}
        case \${letters%"$rest"} in
          [CDghpRrTtUu])
            value=\${rest:-$1}
            [ -n "$rest" ] || [ $# -eq 0 ] || shift
            case $letters in D*) cd "$value" || exit 1 ;; esac
            break ;;
          i) shell=yes; cd ;;
          s) shell=yes ;;
          [KklVv]) done=yes ;;
        esac
        letters=$rest
      done ;;
    [A-Za-z_]*=*) export "$1"; shift ;;
    *) break ;;
  esac
done
[ $# -eq 0 ] || exec "$@"
[ -z "$shell" ] || exec "\${SHELL:-/bin/sh}"
[ -n "$done" ] || { echo 'usage: sudo [options] command' >&2; exit 1; }
`;

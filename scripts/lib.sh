# Functions of the other scripts: progress messages, errors, and running commands as root.

say() { printf '\033[1m▸ %s\033[0m\n' "$*"; }

refuse() {
    printf 'make: %s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" > /dev/null 2>&1; }

# Runs a command as root. Arguments: the error message when that is not possible, the command.
as_root() {
    local advice=$1
    shift
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo && { sudo -n true 2> /dev/null || [ -t 0 ]; }; then
        sudo -- "$@"
    else
        refuse "$advice"
    fi
}

# System packages: what is there, what the system's package manager calls it, and installing it without
# starting any of its services.

wanted=()
want() { wanted+=("$1"); }

has_postgres() {
    have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null ||
        { have pg_config && [ -x "$(pg_config --bindir)/initdb" ]; }
}

has_chromium() { have chromium || have chromium-browser || have google-chrome; }

# The package manager's name for a part: apt-get, dnf, pacman or brew.
package() {
    case $1:$2 in
        apt-get:redis) echo redis-server ;;
        dnf:postgresql) echo postgresql-server postgresql-contrib ;;
        dnf:npm) echo nodejs-npm ;;
        brew:util-linux) ;;
        brew:npm) echo node ;;
        *) echo "$2" ;;
    esac
}

install_wanted() {
    [ "${#wanted[@]}" -gt 0 ] || return 0
    local manager=
    for candidate in apt-get dnf pacman brew; do
        if have "$candidate"; then
            manager=$candidate
            break
        fi
    done
    [ -n "$manager" ] || refuse "these programs are missing: ${wanted[*]}. Install them with your system's package manager."

    local packages=()
    for part in "${wanted[@]}"; do
        # Unquoted: one part may be several packages.
        packages+=($(package "$manager" "$part"))
    done
    local advice="these packages are missing: ${packages[*]}. Install them as root, or allow sudo, and run this again."
    say "installing ${packages[*]}"
    case $manager in
        apt-get)
            as_root "$advice" scripts/apt.sh "${packages[@]}"
            ;;
        dnf) as_root "$advice" dnf install --assumeyes "${packages[@]}" ;;
        pacman) as_root "$advice" pacman --sync --needed --noconfirm "${packages[@]}" ;;
        brew) brew install "${packages[@]}" ;;
    esac
}

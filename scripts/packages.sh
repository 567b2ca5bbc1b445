# System packages: detection, names in each package manager, and installation without starting services.

wanted=()
want() { wanted+=("$1"); }

has_postgres() {
    have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null ||
        { have pg_config && [ -x "$(pg_config --bindir)/initdb" ]; }
}

has_chromium() { have chromium || have chromium-browser || have google-chrome; }

# The package names of a part. Arguments: the package manager (apt-get, dnf, pacman, brew), the part.
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
    [ -n "$manager" ] || refuse "these programs are missing: ${wanted[*]}. Install them with the package manager of your system."

    local packages=()
    for part in "${wanted[@]}"; do
        # Unquoted, as a part can consist of several packages.
        packages+=($(package "$manager" "$part"))
    done
    local advice="these packages are missing: ${packages[*]}. Install them as root, or configure sudo, and try again."
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

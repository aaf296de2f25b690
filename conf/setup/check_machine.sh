#!/bin/sh
# Says in one message all that a machine lacks before zorgstat can be set up. Usage: check_machine.sh [python]
python=${1:-python3}
missing=''
lacks() {
    missing="$missing
  - $1"
}

found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
if [ -z "$found" ]; then
    lacks "Python 3.10 or later: $python does not run."
elif ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
    lacks "Python 3.10 or later: $python is $found."
elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    lacks "Python's venv module: $python comes without (Debian has a package of its own for it)."
fi

# Spark takes the Java of JAVA_HOME, or else that of PATH.
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
found=$("$java" -version 2>&1 | sed -n 's/.* version "\([^"]*\)".*/\1/p')
case $found in
    17 | 17.* | 21 | 21.*)
        # Small JREs leave out a module without which Spark does not start.
        "$java" --add-modules jdk.incubator.vector -version >/dev/null 2>&1 ||
            lacks "A complete Java 17 or 21: $java has no module jdk.incubator.vector."
        ;;
    '') lacks "Java 17 or 21: $java does not run." ;;
    *) lacks "Java 17 or 21: $java is $found." ;;
esac

[ -z "$missing" ] && exit 0
cat >&2 <<END
zorgstat cannot be set up yet. Missing:$missing

Debian 12, Ubuntu 22.04 or later:  sudo apt install python3 python3-venv openjdk-17-jre-headless
                                   (from Debian 13 on: openjdk-21-jre-headless)
macOS:    brew install python@3.12 openjdk@21; export JAVA_HOME=\$(brew --prefix openjdk@21)
Windows:  wsl --install, then inside it as on Ubuntu

Then run make again; PYTHON=python3.12 and JAVA_HOME choose between several versions.
END
exit 1

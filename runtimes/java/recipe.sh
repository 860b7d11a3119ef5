# OpenJDK 17 with its compiler, and a class-data archive that covers compiling too.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

disk=400

readonly java_major=17

# Of the closure only the JDK and what its libraries load: no certificates, sound, printing, smart cards or fonts.
keeps() {
    case $1 in
        openjdk-* | zlib1g | libjpeg* | liblcms2-2 | libfreetype6 | libpng16-16 | libbrotli1 | libharfbuzz0b | \
            libgraphite2-3 | libglib2.0-0 | libpcre3) ;;
        *) return 1 ;;
    esac
}

assemble() {
    local jdk launcher
    gather "openjdk-$java_major-jdk-headless"
    path=packages/java/$(upstream_version "openjdk-$java_major-jdk-headless")
    make_merged_usr "$stage"
    unpack_into "$stage"
    step "trimming"
    jdk=$stage/usr/lib/jvm/java-$java_major-openjdk-amd64
    rm -rf "$jdk"/{jmods,docs,man,lib/src.zip,lib/server/classes*.jsa} "$stage"/usr/lib/{debug,jvm/java-1.*} \
        "$stage"/usr/share/{glib-2.0,gettext,doc/*/*.gz}
    # The JDK's programs look for libraries in its own folder, by their run path.
    mv "$stage"/usr/lib/x86_64-linux-gnu/*.so* "$jdk/lib/"
    mv "$stage/etc/java-$java_major-openjdk" "$jdk/etc"
    point_configuration_into_package
    make_links_relative "$stage"
    keep_only_licences "$stage"
    drop_privileges_of_files "$stage"
    add_stage_scripts "jdk=/piston/$path/${jdk#"$stage"/}"
    mark_installed
    prepare_jdk "/piston/$path/${jdk#"$stage"/}"
    audit "${jdk#"$stage"/}/lib" "${jdk#"$stage"/}/lib/server"
    describe_sources | write_sources "usr/share/doc/*/copyright"
}

# The distribution keeps a JDK's configuration below /etc.
point_configuration_into_package() {
    local link target
    find "$jdk" -type l -lname "/etc/java-$java_major-openjdk/*" | while read -r link; do
        target=$(readlink "$link")
        ln -sfn "${jdk#"$stage"}/etc/${target#/etc/java-"$java_major"-openjdk/}" "$link"
    done
    rm "$jdk/lib/security/cacerts"
}

# What runs with the JDK itself: its options, our launcher, an empty store of trusted certificates (there is no network in a jail),
# and the archive of loaded classes. The standard archive knows nothing of the compiler, which every run needs.
prepare_jdk() {
    step "compiling the launcher and archiving the classes that every run loads"
    cp -rL "$recipe/launcher" "$recipe/training" "$stage/"
    install -m 644 "$recipe/options" "$stage/options"
    # shellcheck disable=SC2016
    inside /bin/sh -euc '
        jdk=$1 launcher=$2/launcher
        "$jdk/bin/javac" -d "$launcher" "$launcher"/codecapsule/*.java
        rm "$launcher"/codecapsule/*.java

        store="-keystore $jdk/lib/security/cacerts -storepass changeit -alias none"
        "$jdk/bin/keytool" -genkeypair -keyalg EC -dname CN=none -storetype JKS -keypass changeit $store
        "$jdk/bin/keytool" -delete $store
        chmod 644 "$jdk/lib/security/cacerts"

        mkdir /tmp/job && cd /tmp/job
        cp "$2/training/Training.java" .
        "$jdk/bin/java" -Xshare:off -XX:DumpLoadedClassList=/tmp/one Training.java >/dev/null
        "$jdk/bin/java" -Xshare:off -XX:DumpLoadedClassList=/tmp/several -cp "$launcher:." \
            codecapsule.Launcher Training.java >/dev/null
        cat "$jdk/lib/classlist" /tmp/one /tmp/several | grep -v codecapsule >/tmp/all
        "$jdk/bin/java" -Xshare:dump -XX:+UseG1GC -Xmx256m -XX:SharedClassListFile=/tmp/all
    ' prepare "$1" "/piston/$path" >>"$log"
    rm -r "$stage/training"
}

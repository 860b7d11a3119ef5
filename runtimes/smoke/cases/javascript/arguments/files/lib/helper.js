exports.shout = (text) => text.trim().toUpperCase();

"""A run that has been made before is told again, where nothing that it asked for has changed.

One entry a run: what it asked of the disk, each answer as a digest, and what it printed. The key is all else that
decides: the arguments, the folder, this very code, the packages beside it, the interpreter, the environment. Files are
the same if their places, sizes, times of change and numbers on the disk are, as git takes it; a run over files that
changed a moment ago is not kept. An entry that is damaged, or of another key, is none.

Where a run is worked out, files in which it found nothing before need not be read again (`glances`).
"""

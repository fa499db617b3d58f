"""The folder of a study: a specification of its results, and a Makefile with the commands that make them.

new_study(Path("lesions-of-walking"))
study = read_study(Path("lesions-of-walking"))
study.config.title, study.present("experiments"), study.missing
"""

from rodent.study.new import new_study
from rodent.study.spec import Study, StudyConfig, is_study, read_study

__all__ = ["Study", "StudyConfig", "is_study", "new_study", "read_study"]

"""What a trial needs beside its mixed model.

estimands      the question, as in ICH E9(R1), and its reader
strategies     what the question does to a study's rows and times
imputation     missing outcomes, imputed by what they mean (normal, posterior, pooling)
responders     shares, their difference and ratio, and the number needed to treat
survival       time until something happens
multiplicity   several hypotheses and one error rate
"""

from assuage.evidence.trial.estimands import Estimand as Estimand
from assuage.evidence.trial.estimands import read_estimand as read_estimand
from assuage.evidence.trial.imputation import Outcomes as Outcomes
from assuage.evidence.trial.imputation import conditional_mean as conditional_mean
from assuage.evidence.trial.imputation import multiple as multiple
from assuage.evidence.trial.multiplicity import Graph as Graph
from assuage.evidence.trial.multiplicity import decide as decide
from assuage.evidence.trial.responders import Count as Count
from assuage.evidence.trial.responders import difference as difference
from assuage.evidence.trial.strategies import Long as Long
from assuage.evidence.trial.strategies import apply as apply
from assuage.evidence.trial.survival import Times as Times
from assuage.evidence.trial.survival import kaplan_meier as kaplan_meier

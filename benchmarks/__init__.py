"""Speed of fastgd against its peers, as ratios taken on one machine in one run."""

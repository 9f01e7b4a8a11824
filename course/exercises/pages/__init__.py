"""The exercises of the pages: `page_NN.EXERCISES`, in order, with their known mistakes and two hints each."""
